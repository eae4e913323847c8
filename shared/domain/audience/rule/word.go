package rule

import (
	"fmt"
	"maps"
	"strings"
	"sync"
)

// words holds what each field of the registry is called, by its name. It is put together when it is asked for: most functions parse rules and show no field.
var words = sync.OnceValue(func() map[string]word {
	all := map[string]word{}
	for _, some := range []map[string]word{personWords(), reachWords(), orderWords(), activityWords(), recentOrderWords(), shareWords(), interestWords("category", "类目"), interestWords("brand", "品牌"), behaviourWords()} {
		maps.Copy(all, some)
	}
	return all
})

// label is the field's name for an operator, say what it means.
func (f *field) label(l Language) string {
	if l == Chinese {
		return words()[f.name].zh
	}
	return words()[f.name].en
}

func (f *field) say(l Language) string {
	if l == Chinese {
		return words()[f.name].meaning
	}
	return f.meaning
}

// valueLabel is what an operator calls one of the known values of a field.
func (f *field) valueLabel(value string, l Language) string {
	names := valueWords()[f.name][value]
	if f.name == "class15" {
		names = class15Words(value)
	}
	if l == Chinese {
		return names[1]
	}
	return names[0]
}

// valueWords holds the known values, by field, in English and in Chinese.
var valueWords = sync.OnceValue(func() map[string]map[string][2]string {
	return map[string]map[string][2]string{
		"class8": {
			"111": {"High value, keep", "重要价值客户"}, "101": {"High value, grow", "重要发展客户"}, "011": {"High value, win back", "重要保持客户"}, "001": {"High value, rescue", "重要挽留客户"},
			"110": {"Common, keep", "一般价值客户"}, "100": {"Common, grow", "一般发展客户"}, "010": {"Common, win back", "一般保持客户"}, "000": {"Common, rescue", "一般挽留客户"},
		},
		"segment11": {
			"champions": {"Champions", "冠军客户"}, "loyal": {"Loyal", "忠诚客户"}, "potential-loyalist": {"Potential loyalists", "潜在忠诚客户"}, "new": {"New", "新客户"}, "promising": {"Promising", "有潜力的客户"},
			"need-attention": {"Need attention", "需要关注的客户"}, "about-to-sleep": {"About to sleep", "即将沉睡的客户"}, "at-risk": {"At risk", "有流失风险的客户"}, "cant-lose": {"Cannot lose them", "不能失去的客户"},
			"hibernating": {"Hibernating", "休眠客户"}, "lost": {"Lost", "已流失的客户"},
		},
		"lifecycle":        {"new": {"New", "新来"}, "active": {"Active", "活跃"}, "silent": {"Silent", "静默"}, "dormant": {"Dormant", "沉睡"}, "churned": {"Churned", "流失"}},
		"activity.band":    {"lively": {"Lively", "活跃度高"}, "fading": {"Fading", "活跃度下降"}, "warning": {"Churn warning", "流失预警"}},
		"stage":            {"acquire": {"Acquired", "获客"}, "activate": {"Activated", "激活"}, "convert": {"Converted", "转化"}, "retain": {"Retained", "留存"}, "repurchase": {"Bought again", "复购"}, "refer": {"Brought friends", "推荐"}, "churn": {"Churned", "流失"}},
		"alive":            {"alive": {"Still buying", "仍在购买"}, "at-risk": {"At risk of leaving", "有流失风险"}, "lost": {"Probably gone", "可能已流失"}},
		"gender":           {"female": {"Female", "女"}, "male": {"Male", "男"}, "other": {"Other", "其他"}},
		"priceSensitivity": {"low": {"Low", "低"}, "medium": {"Medium", "中"}, "high": {"High", "高"}},
		"active.weekday": {"sunday": {"Sunday", "星期日"}, "monday": {"Monday", "星期一"}, "tuesday": {"Tuesday", "星期二"}, "wednesday": {"Wednesday", "星期三"}, "thursday": {"Thursday", "星期四"},
			"friday": {"Friday", "星期五"}, "saturday": {"Saturday", "星期六"}},
		"active.part": {"night": {"Night, 0 to 5 h", "凌晨（0 至 5 时）"}, "morning": {"Morning, 6 to 11 h", "上午（6 至 11 时）"}, "afternoon": {"Afternoon, 12 to 17 h", "下午（12 至 17 时）"},
			"evening": {"Evening, 18 to 23 h", "晚上（18 至 23 时）"}},
	}
})

// class15Words puts the name of a class together: a band of recency with F and M, or what those are who have not bought.
func class15Words(value string) [2]string {
	band, digits, buyer := strings.Cut(value, "-")
	words := map[string][2]string{"active": {"Active", "活跃"}, "cooling": {"Cooling", "降温"}, "lapsed": {"Lapsed", "沉寂"},
		"engaged": {"Engaged, has not bought", "未购买，有互动"}, "new": {"New, has not bought", "未购买，新来"}, "idle": {"Idle, has not bought", "未购买，不活跃"}}[band]
	if !buyer {
		return words
	}
	also := map[string][2]string{"11": {"often and much", "高频高额"}, "10": {"often, little", "高频低额"}, "01": {"seldom, much", "低频高额"}, "00": {"seldom and little", "低频低额"}}[digits]
	return [2]string{words[0] + ": " + also[0], words[1] + "，" + also[1]}
}

// UnitLabel is what a unit is called beside a number; empty where the number counts what the field names, and for a plain one. currency is the shop's.
func UnitLabel(u Unit, l Language, currency string) string {
	names := map[Unit][2]string{
		Money: {"minor units of " + currency, currency + " 的最小货币单位"}, Days: {"days", "天"}, Hours: {"hours", "小时"}, Years: {"years", "岁"}, Percent: {"%", "%"}, Count: {"", ""},
	}[u]
	if l == Chinese {
		return names[1]
	}
	return names[0]
}

// recentOrderWords, shareWords, interestWords and behaviourWords name the fields that are made by the functions of nearly the same names.
func recentOrderWords() map[string]word {
	all := map[string]word{}
	for _, days := range []int{7, 30, 60, 90, 180, 365} {
		all[fmt.Sprintf("orders.paid%d", days)] = word{fmt.Sprintf("Paid orders, last %d days", days), fmt.Sprintf("近 %d 天付款订单数", days), fmt.Sprintf("最近 %d 天的付款订单数，只计逐笔保留的订单", days)}
		all[fmt.Sprintf("orders.revenue%d", days)] = word{fmt.Sprintf("Revenue, last %d days", days), fmt.Sprintf("近 %d 天消费金额", days), fmt.Sprintf("最近 %d 天付款订单的净额合计，以店铺货币的最小单位计", days)}
	}
	return all
}

func shareWords() map[string]word {
	all := map[string]word{}
	for _, of := range []string{"active.part", "active.weekday"} {
		for value, names := range valueWords()[of] {
			all["active.share."+value] = word{"Activity share: " + names[0], names[1] + "活跃占比", "在" + names[1] + "的活动占全部活动的百分比"}
		}
	}
	return all
}

func interestWords(name, zh string) map[string]word {
	return map[string]word{
		name + ".first":         {"Favourite " + name, "最偏好的" + zh, "最偏好的" + zh + "：浏览、收藏、加购、下单的权重为 1、2、3、5，每过 30 天减半"},
		name + ".second":        {"Second favourite " + name, "第二偏好的" + zh, "排在其后的" + zh},
		name + ".third":         {"Third favourite " + name, "第三偏好的" + zh, "再往后的" + zh},
		name + ".all":           {"Every " + name, "接触过的" + zh, "该用户接触过的全部" + zh + "，至多 32 个"},
		name + ".share":         {"Share of the favourite " + name, "偏好" + zh + "占比", "最偏好的" + zh + "占全部权重的百分比"},
		name + ".<name>.weight": {"Weight of one " + name, "某一" + zh + "的权重", "某一" + zh + "当前的权重"},
	}
}

func behaviourWords() map[string]word {
	all := map[string]word{}
	for _, b := range behaviours {
		en := strings.ToUpper(b.what[:1]) + b.what[1:]
		all[b.name+".count"] = word{en, b.zh + "次数", b.zh + "的总次数"}
		all[b.name+".last7"] = word{en + ", last 7 days", "近 7 天" + b.zh + "次数", "最近 7 天" + b.zh + "的次数"}
		all[b.name+".last30"] = word{en + ", last 30 days", "近 30 天" + b.zh + "次数", "最近 30 天" + b.zh + "的次数；规则至多可问到 12 次"}
		all[b.name+".lastAt"] = word{en + ": last time", "最近一次" + b.zh + "的时间", "最近一次" + b.zh + "的时间"}
		all[b.name+".daysSince"] = word{en + ": days since", "距最近一次" + b.zh + "的天数", "距最近一次" + b.zh + "的整天数，按店铺时区计"}
	}
	return all
}
