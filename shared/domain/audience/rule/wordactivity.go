package rule

// activityWords name what somebody does, likes, and when.
func activityWords() map[string]word {
	return map[string]word{
		"events.<event>.count":     {"Event: how often", "某事件的次数", "该事件发生的次数；page 与 screen 计这两种调用"},
		"events.<event>.lastAt":    {"Event: last time", "某事件的最近时间", "该事件最近一次发生的时间"},
		"events.<event>.daysSince": {"Event: days since", "距某事件的天数", "距该事件最近一次发生的整天数"},
		"events.<event>.last7":     {"Event: how often, last 7 days", "近 7 天某事件的次数", "最近 7 天该事件发生的次数"},
		"events.<event>.last30":    {"Event: how often, last 30 days", "近 30 天某事件的次数", "最近 30 天该事件发生的次数；规则至多可问到 12 次"},
		"events.<event>.last90":    {"Event: how often, last 90 days", "近 90 天某事件的次数", "最近 90 天该事件发生的次数；规则至多可问到 12 次"},
		"events.names":             {"Events that happened", "发生过的事件", "发生过的事件的名称；已知名称之外至多 64 个"},
		"events.others":            {"Other events", "其他事件数", "因名称太多而不保留名称的事件数"},

		"activity.daysSince": {"Days since any activity", "距最近活动的天数", "距任一事件的整天数，按店铺时区计"},
		"activity.days7":     {"Active days of the last 7", "近 7 天活跃天数", "最近 7 天中活跃的天数"},
		"activity.days14":    {"Active days of the last 14", "近 14 天活跃天数", "最近 14 天中活跃的天数"},
		"activity.days30":    {"Active days of the last 30", "近 30 天活跃天数", "最近 30 天中活跃的天数"},
		"activity.days60":    {"Active days of the last 60", "近 60 天活跃天数", "最近 60 天中活跃的天数"},
		"activity.days90":    {"Active days of the last 90", "近 90 天活跃天数", "最近 90 天中活跃的天数"},
		"activity.days180":   {"Active days of the last 180", "近 180 天活跃天数", "最近 180 天中活跃的天数"},
		"activity.days365":   {"Active days of the last 365", "近 365 天活跃天数", "最近 365 天中活跃的天数"},
		"activity.streak":    {"Active days in a row", "连续活跃天数", "截至最近活跃日的连续活跃天数"},
		"activity.absence":   {"Days away before coming back", "回归前离开的天数", "最近一段连续活跃之前没有活动的天数：离开多久后回来"},

		"active.hour":         {"Most active hour", "最活跃时段", "活动最多的钟点，0 至 23，按该用户的时区，否则按店铺时区"},
		"active.weekday":      {"Most active weekday", "最活跃的星期几", "活动最多的星期几"},
		"active.part":         {"Most active part of the day", "一天中最活跃的部分", "一天中活动最多的部分；凌晨 0 至 5 时，上午 6 至 11 时，下午 12 至 17 时，晚上 18 至 23 时"},
		"active.weekendShare": {"Share of activity on weekends", "周末活跃占比", "星期六与星期日的活动占全部活动的百分比"},
		"active.hours.<hour>": {"Share of activity in an hour", "某钟点活跃占比", "在某个钟点（0 至 23）的活动占全部活动的百分比"},

		"viewed.products": {"Products viewed last", "最近浏览的商品", "最近浏览的 8 个商品的 ID"},
		"search.last":     {"Last search", "最近搜索词", "该用户最近搜索的内容"},
		"search.lastAt":   {"Last search at", "最近搜索时间", "最近一次搜索的时间"},
		"ratings.count":   {"Ratings given", "评分次数", "该用户给出的评分数"},
		"ratings.average": {"Mean rating given", "平均评分", "这些评分的平均值；没有评分则没有"},
		"rates.cart":      {"Cart rate", "加购率", "每浏览一百次商品的加购次数"},
		"rates.checkout":  {"Checkout rate", "结算率", "每加购一百次的结算次数"},
		"rates.order":     {"Order rate", "下单率", "每开始结算一百次的下单次数"},
		"rates.open":      {"E-mail open rate", "邮件打开率", "每送达一百封邮件的打开次数"},
		"rates.click":     {"E-mail click rate", "邮件点击率", "每打开一百封邮件的链接点击次数"},
	}
}
