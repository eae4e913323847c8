package schema

import "github.com/userops/userops/shared/domain/audience/score"

func segmentTable() Table {
	return Table{
		"":            {Label: Words{"Segment", "人群"}, Help: Words{"A named rule over profiles.", "一条有名字的规则，询问的是用户档案。"}},
		"id":          idRow,
		"name":        {Label: Words{"Name", "名称"}, Help: Words{"As colleagues see it, at most 200 characters.", "同事看到的名称，至多 200 个字符。"}},
		"description": {Label: Words{"Description", "说明"}, Help: Words{"What it is for, at most 2,000 characters.", "用途，至多 2000 个字符。"}, As: Lines},
		"tag":         {Label: Words{"Tag", "标签"}, Help: Words{"Whoever is in the segment has this tag, as long as they are. At most 64 characters; empty for none.", "在这个人群里的用户都有这个标签，离开后标签随之消失。至多 64 个字符；不填则不打标签。"}},
		"rule":        {Label: Words{"Rule", "规则"}, Help: Words{"Who belongs to it.", "哪些人属于这个人群。"}, As: Rule},
	}
}

func scoringTable() Table {
	methods := []Option{
		{string(score.AgainstMean), Words{"Better than the mean", "优于平均值"}}, {string(score.AgainstMedian), Words{"Better than the median", "优于中位数"}},
		{string(score.Business), Words{"Better than lines of your own", "优于自定的界线"}},
	}
	days := func(english, chinese, helpEnglish, helpChinese string) Row {
		return Row{Label: Words{english, chinese}, Help: Words{helpEnglish, helpChinese}}
	}
	return Table{
		"":           {Label: Words{"Classes", "分类"}, Help: Words{"What the classes of everybody go by, from the next run on.", "所有人的分类依据，从下一次分群运行起生效。"}},
		"windowDays": days("Orders of the last days", "统计最近多少天的订单", "Recency, frequency and money count paid orders of so many days. Empty: all there ever were.", "最近购买、频次和金额只统计这么多天内的付款订单；不填为全部订单。"),
		"class8": {Label: Words{"What high means", "高低的标准"}, Options: methods, Absent: Words{"usual: the mean", "默认：平均值"},
			Help: Words{"Against what the eight classes call a value high.", "RFM 八类里，数值与什么比较才算高。"}},
		"lines":             {Label: Words{"Lines of your own", "自定的界线"}, Help: Words{"Asked for lines of your own alone.", "只在选用自定的界线时使用。"}},
		"lines.r":           {Label: Words{"Recency", "最近购买"}, Help: Words{"Days since the last order.", "距上次下单的天数。"}},
		"lines.f":           {Label: Words{"Frequency", "购买频次"}, Help: Words{"Paid orders.", "付款订单数。"}},
		"lines.m":           {Label: Words{"Money", "消费金额"}, Help: Words{"In the shop's currency.", "以店铺货币计。"}, As: Minor},
		"quintiles":         {Label: Words{"Fixed borders of the scores", "固定的分数界线"}, Help: Words{"Four ascending borders each, in place of computed ones.", "各四个递增的界线，代替计算得出的界线。"}},
		"quintiles.r":       {Label: Words{"Recency", "最近购买"}, Help: Words{"Days since the last order.", "距上次下单的天数。"}},
		"quintiles.f":       {Label: Words{"Frequency", "购买频次"}, Help: Words{"Paid orders.", "付款订单数。"}},
		"quintiles.m":       {Label: Words{"Money", "消费金额"}, Help: Words{"In the shop's currency.", "以店铺货币计。"}, As: Minor},
		"activeDays":        days("Active up to (days)", "活跃（天）", "Buyers whose last order is no longer ago. 30 without it.", "上次下单在这么多天以内的买家；不填为 30 天。"),
		"coolingDays":       days("Cooling up to (days)", "降温（天）", "Then cooling, then lapsed. 90 without it.", "其后为降温，再往后为沉寂；不填为 90 天。"),
		"engagedDays":       days("Engaged within (days)", "有互动（天）", "Who has not bought and was active within so many days. 30 without it.", "未购买但在这么多天内活跃过的人；不填为 30 天。"),
		"newDays":           days("New within (days)", "新来（天）", "Who has not bought and came within so many days. 30 without it.", "未购买且在这么多天内到来的人；不填为 30 天。"),
		"livelyFrom":        {Label: Words{"Lively from", "活跃度高的分数线"}, Help: Words{"Activity score, 0 to 100, from which somebody is lively. 60 without it.", "活跃分（0 至 100）达到多少算活跃度高；不填为 60。"}},
		"fadingFrom":        {Label: Words{"Fading from", "活跃度下降的分数线"}, Help: Words{"Activity score from which somebody is fading; below it there is a churn warning. 30 without it.", "活跃分达到多少算活跃度下降，更低为流失预警；不填为 30。"}},
		"predictFromBuyers": {Label: Words{"Predict from (buyers)", "多少买家起预测"}, Help: Words{"With fewer buyers nothing is predicted. 500 without it: figures of fewer look more exact than they are.", "买家更少时不做预测；不填为 500。买家太少时，数字看起来比实际更准。"}},
		"predictFromDays":   days("Predict from (days)", "多少天起预测", "With a first order that is not so long ago nothing is predicted. 180 without it.", "店铺首单距今不到这么多天时不做预测；不填为 180 天。"),
		"quietDays":         days("Silent after (days)", "静默（天）", "Without activity: silent after so many days, dormant after twice, churned after four times as many. 30 without it.", "多少天没有活动为静默，两倍为沉睡，四倍为流失；不填为 30 天。"),
	}
}
