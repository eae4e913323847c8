package schema

import (
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// idRow is of the id of every kind that has it in its documents.
var idRow = Row{Label: Words{"ID", "编号"}, Help: Words{"1 to 64 letters, digits, - and _. It stays as it is. Left empty, it is made of the name or of the day.",
	"1 到 64 个字母、数字、- 或 _，保存后不能再改。留空则按名称或日期自动生成。"}}

// channelWords name the channels; one that is not here is called by its id.
var channelWords = map[delivery.Channel]Words{
	delivery.Email:  {"E-mail", "邮件"},
	delivery.SMS:    {"Text message", "短信"},
	delivery.Push:   {"App push", "应用推送"},
	delivery.Social: {"Handed to the shop's system", "店铺系统代发"},
}

func channels() []Option {
	var all []Option
	for _, c := range delivery.Channels() {
		words := channelWords[c]
		if words == (Words{}) {
			words = Words{string(c), string(c)}
		}
		all = append(all, Option{string(c), words})
	}
	return all
}

func campaignTable() Table {
	states := []Option{
		{string(campaign.Draft), Words{"Draft", "草稿"}}, {string(campaign.Scheduled), Words{"Scheduled", "已排期"}}, {string(campaign.Running), Words{"Running", "运行中"}},
		{string(campaign.Paused), Words{"Paused", "暂停"}}, {string(campaign.Finished), Words{"Finished", "结束"}}, {string(campaign.Cancelled), Words{"Cancelled", "取消"}},
	}
	operators := []Option{
		{string(campaign.Eq), Words{"is", "等于"}}, {string(campaign.Ne), Words{"is not", "不等于"}}, {string(campaign.Gt), Words{"is above", "大于"}}, {string(campaign.Gte), Words{"is at least", "大于等于"}},
		{string(campaign.Lt), Words{"is below", "小于"}}, {string(campaign.Lte), Words{"is at most", "小于等于"}}, {string(campaign.In), Words{"is one of", "是其中之一"}},
		{string(campaign.Contains), Words{"contains", "包含"}}, {string(campaign.Exists), Words{"is there", "存在"}},
	}
	return Table{
		"":     {Label: Words{"Campaign", "活动"}, Help: Words{"What it listens to, whom it leaves out, and what it sends.", "监听什么、不触达谁、发送什么。"}},
		"id":   idRow,
		"name": {Label: Words{"Name", "名称"}, Help: Words{"As colleagues see it. Templates may print it too.", "同事看到的名称，模板里也可以引用。"}},
		"state": {Label: Words{"State", "状态"}, Options: states,
			Help: Words{"A running campaign takes people and sends. A scheduled one begins at the time of its audience. A paused one keeps whom it has, and sends nothing.",
				"运行中的活动会接手用户并发送；已排期的活动到受众的时间开始；暂停的活动保留已接手的人，但不发送。"}},
		"trigger":                {Label: Words{"Trigger", "触发条件"}, Help: Words{"What it listens to: one of these.", "活动监听什么：选择其中一种。"}, One: true},
		"trigger.enteredSegment": {Label: Words{"Somebody enters a segment", "有人进入人群"}, Help: Words{"Whoever enters it from now on.", "从现在起进入该人群的人。"}, Refers: definition.Segment},
		"trigger.exitedSegment":  {Label: Words{"Somebody leaves a segment", "有人离开人群"}, Help: Words{"Whoever leaves it from now on.", "从现在起离开该人群的人。"}, Refers: definition.Segment},
		"trigger.event":          {Label: Words{"Somebody does something", "有人做了某件事"}, Help: Words{"An event of the shop, narrowed by its properties.", "店铺的一个事件，可以用事件属性缩小范围。"}},
		"trigger.event.name":     {Label: Words{"Event", "事件"}, Help: Words{"Its name as the shop sends it: Signed Up, Order Completed.", "店铺发送的事件名称，例如 Signed Up、Order Completed。"}},
		"trigger.event.where":    {Label: Words{"Only where", "仅当"}, Help: Words{"All of these must hold of the event's properties.", "事件属性须同时满足这些条件。"}},
		"trigger.event.where.property": {Label: Words{"Property", "事件属性"},
			Help: Words{"Its name. What lies inside of another stands behind a dot: shipping.city.", "属性名称；内层的属性用点隔开，例如 shipping.city。"}},
		"trigger.event.where.op":     {Label: Words{"Comparison", "比较"}, Help: Words{"How the property is compared with the value.", "事件属性与值如何比较。"}, Options: operators},
		"trigger.event.where.value":  {Label: Words{"Value", "值"}, Help: Words{"What it is compared with. Amounts stand as the event has them.", "与什么比较；金额按事件里的写法填写。"}},
		"trigger.audience":           {Label: Words{"Everybody in a segment, at a time", "某一时刻人群里的所有人"}, Help: Words{"Sent once, to all who are in it then. The state is then: scheduled.", "到时间发送一次，发给当时在人群里的所有人；状态须为“已排期”。"}},
		"trigger.audience.segmentId": {Label: Words{"Segment", "人群"}, Help: Words{"Who is in it at that time.", "当时在该人群里的人。"}, Refers: definition.Segment},
		"trigger.audience.at":        {Label: Words{"When", "时间"}, Help: Words{"By the shop's clock.", "按店铺的时区。"}},
		"wait": {Label: Words{"Wait", "等待"}, When: OfEvents, Help: Words{"Between the trigger and the notification, at most 365 days. Then everything is asked again. A campaign for an audience has none.",
			"从触发到通知之间的时间，至多 365 天；到时会重新检查一遍。面向受众的活动没有等待。"}},
		"condition": {Label: Words{"Condition", "附加条件"}, Rare: true, Help: Words{"Must hold of the person when it is sent.", "发送时该用户须满足的条件。"}, As: Rule},
		"cancelOn": {Label: Words{"Cancelled by", "取消事件"}, Rare: true, Help: Words{"Events that end the matter when they happen after the trigger. One on each line.",
			"触发之后若发生这些事件，就不再发送。每行一个。"}},
		"channel":             {Label: Words{"Channel", "渠道"}, Help: Words{"By which it is sent.", "通过什么发送。"}, Options: channels()},
		"templateId":          {Label: Words{"Template", "模板"}, Help: Words{"What is sent, without variants, or by a variant that has none of its own.", "没有变体、或变体没有自己的模板时发送的内容。"}, Refers: definition.Template},
		"variants":            {Label: Words{"Variants", "变体"}, Help: Words{"To compare templates: everybody gets one of them, always the same. The weights sum to 100%.", "用来比较不同的模板：每人固定分到一个变体，权重合计 100%。"}},
		"variants.id":         {Label: Words{"ID", "编号"}, Help: Words{"Names the variant in the results.", "结果里用它区分变体。"}, Letter: true},
		"variants.weight":     {Label: Words{"Weight", "权重"}, Help: Words{"Its share of those who get one.", "分到该变体的比例。"}, As: Percent},
		"variants.templateId": {Label: Words{"Template", "模板"}, Help: Words{"Empty: the campaign's.", "留空则用活动的模板。"}, Refers: definition.Template},
		"control":             {Label: Words{"Control", "对照组"}, Help: Words{"The share of the audience that gets nothing, to measure the campaign. At most 50%.", "受众中什么也不发的比例，用来衡量效果，至多 50%。"}, As: Percent},
		"transactional": {Label: Words{"Transactional", "事务性"}, Rare: true, Help: Words{"The person asked for it by an act, such as an order: holdout and, usually, caps do not apply.",
			"用户以自己的行为（例如下单）要求的通知：不受全局留白组限制，通常也不受频控限制。"}},
		"tags": {Label: Words{"Tags", "标签"}, Rare: true, Help: Words{"Words of your own, which frequency caps may name. One on each line, at most 20.", "自定义的词，频控规则可以引用。每行一个，至多 20 个。"}},
		"unproven": {Label: Words{"Started by unproven words", "未经证明也触发"}, Rare: true, When: OfEvents, Absent: Words{"usual: yes, unless it is transactional", "默认：是，事务性的除外"},
			Help: Words{"Whether what a page says without a proof of who is there may start it.", "页面自称某个用户而没有证明时，是否也触发。"}},
		"expiresAfter":  {Label: Words{"Expires after", "有效期"}, Rare: true, Help: Words{"How late it may be after the wait. A day without it, at most 30 days.", "等待结束后最晚多久之内可以发送；不填为 1 天，至多 30 天。"}},
		"oncePerPerson": {Label: Words{"Once per person", "每人一次"}, Rare: true, Help: Words{"A person is taken once and never again.", "每个人只接手一次。"}},
		"onceEvery":     {Label: Words{"Once every", "间隔"}, Rare: true, Help: Words{"A person is taken again only after so long. Not with once per person.", "同一个人隔多久才再次接手；不能与“每人一次”同时使用。"}},
	}
}
