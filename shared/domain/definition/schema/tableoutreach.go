package schema

import (
	"slices"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/outreach/template"
)

func templateTable() Table {
	locales := []Option{
		{template.DefaultLocale, Words{"for everybody else", "其他所有人"}}, {"zh", Words{"Chinese", "中文"}}, {"zh-CN", Words{"Chinese, simplified", "简体中文"}},
		{"zh-TW", Words{"Chinese, traditional", "繁体中文"}}, {"en", Words{"English", "英文"}}, {"ja", Words{"Japanese", "日文"}}, {"ko", Words{"Korean", "韩文"}},
	}
	return Table{
		"":        {Label: Words{"Template", "模板"}, Help: Words{"What is sent, by locale.", "发送的内容，按语言区分。"}},
		"id":      idRow,
		"name":    {Label: Words{"Name", "名称"}, Help: Words{"As colleagues see it.", "同事看到的名称。"}},
		"channel": {Label: Words{"Channel", "渠道"}, Help: Words{"It decides which parts the content has.", "渠道决定内容由哪些部分组成。"}, Options: channels()},
		"locales": {Label: Words{"Content", "内容"}, Help: Words{"One for each locale; default is needed. Somebody with zh-CN gets zh-CN, else zh, else default.", "每种语言一份，必须有 default（其他所有人）；语言为 zh-CN 的人先用 zh-CN，其次 zh，最后 default。"},
			Options: locales, Key: Words{"Locale", "语言"}},
		"locales.*":         {Label: Words{"Content of one locale", "一种语言的内容"}, Help: Words{"Subject with text, HTML or both for e-mail; the approved text and a payload for text messages; a title and a text for push; a payload for the shop's system.", "邮件要有主题，以及纯文本、HTML 之一或两者；短信要有审核通过的原文和数据；推送要有标题和文字；由店铺系统代发的要有数据。"}},
		"locales.*.subject": {Label: Words{"Subject", "主题"}, When: OfSubject, Help: Words{"Of a mail, or the title of a push. {{ profile.name }} prints a trait.", "邮件的主题，或推送的标题；{{ profile.name }} 会换成用户的属性。"}},
		"locales.*.text":    {Label: Words{"Text", "纯文本"}, When: OfText, Help: Words{"Of a mail, without markup: {{ unsubscribeUrl }} is the link to unsubscribe. Of a push, what the device shows below the title. Of a text message, the text as the provider has approved it, with places such as ${name}.", "邮件的纯文本，{{ unsubscribeUrl }} 是退订链接；推送则是标题下面的文字；短信则是服务商审核通过的原文，变量写作 ${name}。"}, As: Liquid},
		"locales.*.html":    {Label: Words{"HTML", "HTML"}, When: OfHTML, Help: Words{"Of a mail. Values are escaped for the place where they stand.", "邮件的 HTML；变量按所在位置转义。"}, As: Liquid},
		"locales.*.payload": {Label: Words{"Payload", "数据"}, When: OfPayload, Help: Words{"What the shop's system is sent by its webhook: a text that becomes JSON, or JSON with variables in its texts. Of a text message: {\"template\": \"SMS_154950909\", \"params\": {\"name\": \"{{ profile.name }}\"}}. Of a push, texts for the app, such as {\"link\": \"shop://tea\"}; it may be left out.", "通过 webhook 发给店铺系统的内容：一段会变成 JSON 的文本，或文本里带变量的 JSON。短信则写 {\"template\": \"SMS_154950909\", \"params\": {\"name\": \"{{ profile.name }}\"}}。推送则是给应用的文本，例如 {\"link\": \"shop://tea\"}，可以不填。"}, As: Payload},
	}
}

func messagingTable() Table {
	units := []Option{{string(delivery.Minutes), Words{"minutes", "分钟"}}, {string(delivery.Days), Words{"days", "天"}}, {string(delivery.Weeks), Words{"weeks", "周"}}}
	over := []Option{{string(delivery.SkipOver), Words{"skip", "跳过"}}, {string(delivery.DeferOver), Words{"wait for room", "推迟到有余量时"}}}
	periods := []Option{{string(delivery.EachDay), Words{"day", "天"}}, {string(delivery.EachWeek), Words{"week, from Monday", "周（周一起）"}}, {string(delivery.EachMonth), Words{"month", "月"}}}
	nextPeriod := []Option{over[0], {string(delivery.DeferOver), Words{"wait for the next period", "推迟到下一周期"}}}
	basis := []Option{
		{string(delivery.OptIn), Words{"needs a consent", "须有同意"}}, {string(delivery.OptOut), Words{"goes until a consent is revoked", "撤回之前都可发送"}},
	}
	return Table{
		"":                 {Label: Words{"Messaging", "触达设置"}, Help: Words{"The house's rules for all campaigns.", "对所有活动生效的规则。"}},
		"killSwitch":       {Label: Words{"Stop everything", "全部停发"}, Help: Words{"Nothing is sent, transactional notifications neither. What comes due is skipped.", "什么也不发，事务性通知也不发；其间到期的通知会被跳过。"}},
		"stopped":          {Label: Words{"Stopped channels", "停发的渠道"}, Help: Words{"Nothing is sent over these.", "这些渠道什么也不发。"}, Options: channels()},
		"quietHours":       {Label: Words{"Quiet hours", "免打扰时段"}, Help: Words{"Nothing is sent in them, by the person's clock. They may cross midnight.", "按收件人当地时间，这段时间内不发送；可以跨过午夜。"}},
		"quietHours.start": {Label: Words{"From", "开始"}, Help: Words{"Time of day, such as 21:30.", "时刻，例如 21:30。"}},
		"quietHours.end":   {Label: Words{"Until", "结束"}, Help: Words{"Time of day, such as 08:30.", "时刻，例如 08:30。"}},
		"caps": {Label: Words{"Frequency caps", "频控"}, Help: Words{"All of them apply. Set without a rule there is no cap.", "各条同时生效；已设置而一条也没有时不限频。"},
			Absent: Words{"usual: three notifications a day", "默认：每天三条"}},
		"caps.limit":               {Label: Words{"At most", "至多"}, Help: Words{"Notifications per person.", "每人的通知条数。"}},
		"caps.channel":             {Label: Words{"Channel", "渠道"}, Help: Words{"Of one channel, or of all together.", "某一个渠道，或所有渠道合计。"}, Options: slices.Concat([]Option{{string(delivery.AnyChannel), Words{"All together", "所有渠道"}}}, channels())},
		"caps.tag":                 {Label: Words{"Tag", "标签"}, Help: Words{"Only campaigns with this tag. Empty: all.", "只计带这个标签的活动；不填为全部。"}},
		"caps.per":                 {Label: Words{"Within", "时间窗口"}, Help: Words{"A number of the unit beside it.", "与旁边的单位合在一起。"}},
		"caps.unit":                {Label: Words{"Unit", "单位"}, Help: Words{"Days and weeks are of the calendar, today included.", "天和周按日历计，含今天。"}, Options: units},
		"caps.over":                {Label: Words{"Over the cap", "超出之后"}, Help: Words{"What happens to the notification. Skipped without it.", "超出的通知如何处理；不填为跳过。"}, Options: over},
		"transactional":            {Label: Words{"Transactional notifications", "事务性通知"}, Help: Words{"How caps treat what somebody asked for by an act.", "频控如何对待用户以自己的行为要求的通知。"}},
		"transactional.ignoreCaps": {Label: Words{"Pass the caps", "不受频控限制"}, Help: Words{"They are sent whatever the caps say.", "不论频控如何都会发送。"}, Absent: Words{"usual: yes", "默认：是"}},
		"transactional.countCaps":  {Label: Words{"Count in the caps", "计入频控"}, Help: Words{"They use up room for others.", "会占用其他通知的余量。"}, Absent: Words{"usual: no", "默认：否"}},
		"rates":                    {Label: Words{"Provider rates", "渠道速率"}, Rare: true, Help: Words{"What a channel's provider is handed within a second, by all instances together. What is more waits for its turn.", "每秒最多交给渠道服务商的条数，所有实例合计；多出的排队等候。"}},
		"rates.channel":            {Label: Words{"Channel", "渠道"}, Help: Words{"One rate for each channel.", "每个渠道一个速率。"}, Options: channels()},
		"rates.perSecond":          {Label: Words{"At most, a second", "每秒至多"}, Help: Words{"Notifications. Transactional ones count and wait too.", "条数；事务性通知同样计入并等候。"}},
		"budgets":                  {Label: Words{"Send budgets", "发送预算"}, Rare: true, Help: Words{"What marketing may send within a period, by number or by money. Transactional notifications are neither counted nor stopped.", "一个周期内营销最多可以发送多少，按条数或按金额；事务性通知不计入，也不受限。"}},
		"budgets.id":               {Label: Words{"Budget ID", "预算 ID"}, Help: Words{"Decisions name it, and it is counted by it: another ID begins anew.", "决定里会写明它，也按它计数；换一个 ID 就重新计。"}},
		"budgets.campaign":         {Label: Words{"Campaign", "活动"}, Help: Words{"ID of one campaign. Empty: all together.", "某个活动的 ID；不填为所有活动合计。"}},
		"budgets.channel":          {Label: Words{"Channel", "渠道"}, Help: Words{"Of one channel. Empty: all together.", "某一个渠道；不填为所有渠道合计。"}, Options: channels()},
		"budgets.notifications":    {Label: Words{"Notifications", "条数"}, Help: Words{"At most so many. Empty where the budget is of money.", "至多这么多条；按金额时不填。"}},
		"budgets.money":            {Label: Words{"Money", "金额"}, Help: Words{"At most so much, by the prices below.", "至多这么多钱，按下面的价格计算。"}},
		"budgets.per":              {Label: Words{"Each", "每"}, Help: Words{"Period of the shop's calendar.", "按店铺日历的周期。"}, Options: periods},
		"budgets.over":             {Label: Words{"Once it is spent", "用完之后"}, Help: Words{"What happens to the notification. Skipped without it.", "之后的通知如何处理；不填为跳过。"}, Options: nextPeriod},
		"pricesPerThousand":        {Label: Words{"Prices of a thousand", "每千条价格"}, Rare: true, Help: Words{"What a thousand notifications cost, for budgets of money. A channel without a price costs nothing.", "一千条通知的价格，用于按金额的预算；没有价格的渠道不计费用。"}, Key: Words{"Channel", "渠道"}, Options: channels()},
		"pricesPerThousand.*":      {Label: Words{"Price", "价格"}, Help: Words{"Of a thousand notifications.", "一千条通知的价格。"}},
		"confirmationsOff":         {Label: Words{"No mails that confirm an address", "不发确认地址的邮件"}, Help: Words{"An address that only a device has named is then never written to.", "这样，只由设备提供的地址永远不会收到邮件。"}},
		"testAddresses":            {Label: Words{"Test addresses", "试发地址"}, Help: Words{"E-mail addresses of the shop's own, to which templates may be sent to look at them. One on each line, at most 20.", "店铺自己的邮箱，模板只能试发到这些地址。每行一个，至多 20 个。"}},
		"consent":                  {Label: Words{"Consent by channel", "各渠道的同意"}, Help: Words{"What marketing over a channel needs, where it is another thing than usual.", "某个渠道的营销需要什么，只填与默认不同的。"}, Key: Words{"Channel", "渠道"}, Options: channels()},
		"consent.*":                {Label: Words{"Needs", "要求"}, Help: Words{"Without it e-mail, text messages and push need a consent, and what the shop's system sends none.", "不填时，邮件、短信和推送须有同意，店铺系统代发不需要。"}, Options: basis},
	}
}

func holdoutTable() Table {
	return Table{
		"":       {Label: Words{"Holdout", "全局留白组"}, Help: Words{"A share of everybody that no campaign reaches, transactional ones apart.", "所有活动都不触达的一部分人，事务性通知除外。"}},
		"share":  {Label: Words{"Share", "比例"}, Help: Words{"At most 50%.", "至多 50%。"}, As: Percent},
		"season": {Label: Words{"Season", "周期"}, Help: Words{"Names the draw, such as 2026Q4. Another name draws anew.", "这次抽取的名称，例如 2026Q4；换一个名称会重新抽取。"}},
	}
}
