package schema

import (
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/domain/reward/referral"
)

// unitWords name the units of rewards; one that is not here is called by its name.
var unitWords = map[string]Words{
	"points":  {"points", "积分"},
	"voucher": {"voucher", "代金券"},
}

// UnitWords are what a unit of rewards is called.
func UnitWords(name string) Words {
	if words, has := unitWords[name]; has {
		return words
	}
	return Words{name, name}
}

func programTable() Table {
	states := []Option{
		{string(referral.Draft), Words{"Draft", "草稿"}}, {string(referral.Running), Words{"Running", "运行中"}}, {string(referral.Paused), Words{"Paused", "暂停"}}, {string(referral.Finished), Words{"Finished", "结束"}},
	}
	return Table{
		"":                    {Label: Words{"Program", "邀请计划"}, Help: Words{"The rules by which somebody who invites a friend is rewarded.", "邀请好友得奖励的规则。"}},
		"id":                  idRow,
		"name":                {Label: Words{"Name", "名称"}, Help: Words{"As colleagues see it.", "同事看到的名称。"}},
		"state":               {Label: Words{"State", "状态"}, Help: Words{"Only a running program gives out codes and takes claims. What was promised is kept in every state.", "只有运行中的计划发放邀请码、接受认领；已经承诺的奖励在任何状态下都会兑现。"}, Options: states},
		"qualifying":          {Label: Words{"What qualifies", "达标条件"}, Help: Words{"The friend's first paid order that is worth a reward.", "好友的哪一笔首个付款订单可以得到奖励。"}},
		"qualifying.event":    {Label: Words{"Event", "事件"}, Help: Words{"It is always a completed order.", "目前只能是完成订单。"}, Options: []Option{{event.OrderCompleted, Words{"a completed order", "完成订单"}}}},
		"qualifying.minTotal": {Label: Words{"Least total", "最低金额"}, Help: Words{"Of the order, less refunds. Empty: any order with something left.", "订单金额扣除退款之后；不填则只要还有余额的订单都算。"}},
		"hold":                {Label: Words{"Hold", "退货期"}, Help: Words{"How long rewards wait after the order was paid. 0s settles at once.", "付款之后等多久才结算奖励；0s 为立即结算。"}},
		"attributionWindow":   {Label: Words{"Attribution window", "归因窗口"}, Help: Words{"How long after a claim an order still qualifies.", "认领之后多久之内的订单仍算数。"}},
		"rewards":             {Label: Words{"Rewards", "奖励"}, Help: Words{"What the two sides of one referral get.", "一次邀请中双方各得到什么。"}},
		"rewards.advocate":    {Label: Words{"For the advocate", "邀请人"}, Help: Words{"Whoever invites.", "发出邀请的人。"}},
		"rewards.friend":      {Label: Words{"For the friend", "被邀请人"}, Help: Words{"Whoever is invited.", "受到邀请的好友。"}},
		"ladder":              {Label: Words{"Ladder", "阶梯奖励"}, Help: Words{"Replaces the advocate's reward for the friends that it numbers, ascending.", "邀请到第几位好友时，用它代替邀请人的奖励；从小到大排列。"}},
		"ladder.friends":      {Label: Words{"Friend number", "第几位好友"}, Help: Words{"Counted in friends that were rewarded.", "按已结算的好友计。"}},
		"ladder.advocate":     {Label: Words{"For the advocate", "邀请人"}, Help: Words{"In place of the usual reward.", "代替平常的奖励。"}},
		"budget":              {Label: Words{"Budget", "预算"}, Help: Words{"What may be paid out from the moment it stands here, both sides together, by unit. A unit that is not named has no limit.", "从保存起双方合计至多发放多少，按记账单位；没有列出的单位不限。"}},
		"maxPerAdvocate":      {Label: Words{"Friends per advocate", "每人邀请上限"}, Help: Words{"How many friends an advocate is rewarded for. Empty: no limit.", "每位邀请人至多为多少位好友得到奖励；不填为不限。"}},
	}
}

func sourceTable() Table {
	kinds := []Option{
		{string(source.KindBrowser), Words{"Web site", "网站"}}, {string(source.KindApp), Words{"App or mini-program", "应用或小程序"}}, {string(source.KindServer), Words{"The shop's back end", "店铺后端"}}, {string(source.KindTill), Words{"Till", "收银机"}},
	}
	return Table{
		"":               {Label: Words{"Source", "来源"}, Help: Words{"A site, app, mini-program or till that sends events, with its write keys.", "发送事件的网站、应用、小程序或收银机，各有写入密钥。"}},
		"id":             idRow,
		"name":           {Label: Words{"Name", "名称"}, Help: Words{"As colleagues see it.", "同事看到的名称。"}},
		"kind":           {Label: Words{"Kind", "种类"}, Help: Words{"The key of a site or an app is public; the key of a back end or a till is a secret.", "网站和应用的密钥是公开的，店铺后端和收银机的密钥须保密。"}, Options: kinds},
		"allowedEvents":  {Label: Words{"Allowed events", "允许的事件"}, Help: Words{"What it may send: names of events, or calls such as identify. One on each line. Empty: all.", "可以发送什么：事件名称，或 identify 这样的调用，每行一个；不填为全部。"}},
		"allowedOrigins": {Label: Words{"Allowed origins", "允许的网页来源"}, Help: Words{"Web addresses that may use its keys: https://shop.example or https://*.shop.example. One on each line. Empty: all.", "可以使用这些密钥的网址，例如 https://shop.example 或 https://*.shop.example，每行一个；不填为全部。"}},
		"money":          {Label: Words{"Orders move money", "订单可改变金额"}, Help: Words{"Whether its order events may change orders.", "它的订单事件能否改变订单。"}, Absent: Words{"usual: only of a back end or a till", "默认：只有店铺后端和收银机可以"}},
		"ratePerSecond":  {Label: Words{"Events a second", "每秒事件数"}, Help: Words{"How many it may send for long. Empty: no limit.", "长时间内每秒至多多少个；不填为不限。"}},
		"burst":          {Label: Words{"At once", "瞬时上限"}, Help: Words{"How many it may send at once. Empty: those of a second.", "一次至多多少个；不填为一秒的量。"}},
		"newPerMinute":   {Label: Words{"New people a minute", "每分钟新用户数"}, Help: Words{"How many it may name that were not named lately, without a proof. Empty: 6,000.", "每分钟可以提到多少个近期没有提到过、也没有证明的用户；不填为 6000。"}},
		"writeKeys":      {Label: Words{"Write keys", "写入密钥"}, Help: Words{"8 to 128 letters, digits, - or _. One on each line, at most 20.", "8 到 128 个字母、数字、- 或 _，每行一个，至多 20 个。"}},
		"hookSecret":     {Label: Words{"Secret of webhooks", "webhook 密钥"}, Help: Words{"What the shop system signs its webhooks with. It is not shown again. Empty: as it is.", "店铺系统给 webhook 签名用的密钥，保存后不再显示；不填则保持不变。"}, As: Secret},
		"hookSecretSet":  {Label: Words{"There is a secret of webhooks", "已有 webhook 密钥"}, Help: Words{"Take the tick away to take the secret away.", "取消勾选即删除密钥。"}},
		"disabled":       {Label: Words{"Disabled", "停用"}, Help: Words{"Its keys are refused.", "它的密钥会被拒绝。"}},
	}
}
