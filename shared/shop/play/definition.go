package play

import "fmt"

// definition is a document that the play needs, by its place in the API.
type definition struct {
	path string
	body map[string]any
}

type object = map[string]any

// programID is the referral program of the play. Its rewards are settled at once.
const programID = "demo-invite"

// segments lists the segments of the play with what they mean: title is what the console calls them, in the language of the shop, and name what is printed.
var segments = []struct {
	id, title, name string
	rule            object
	tag             string // that whoever is in it has
}{
	{"demo-big-spenders", "累计消费 3,000 元以上", "Revenue of 3,000.00 and more", object{"field": "orders.revenue", "op": "gte", "value": 300000}, "大客户"},
	{"demo-open-cart", "近 7 天来过，购物车里有商品", "Something in the cart, seen in the last 7 days", object{"all": []object{
		{"field": "cart.pieces", "op": "gt", "value": 0}, {"field": "activity.daysSince", "op": "lte", "value": 7}}}, ""},
	{"demo-mail-zh", "读中文，同意接收邮件", "Reads Chinese and said yes to mail", object{"all": []object{
		{"field": "locale", "op": "eq", "value": "zh-CN"}, {"field": "consent.email", "op": "eq", "value": true}}}, ""},
	{"demo-window-shoppers", "近 30 天看过 3 次商品，没有买过", "Looked at 3 things in 30 days, bought nothing", object{"all": []object{
		{"performed": object{"event": "Product Viewed", "atLeast": 3, "withinDays": 30}}, {"field": "orders.count", "op": "eq", "value": 0}}}, ""},
	{"demo-slipping-away", "买过多次，正在流失", "Bought often, stays away (by the run's scores)", object{"field": "segment11", "op": "in", "value": []string{"at-risk", "cant-lose"}}, ""},
	{"demo-slipping-readers", "正在流失，可用中文邮件联系", "Slipping away and reachable in Chinese", object{"all": []object{
		{"segment": "demo-slipping-away"}, {"segment": "demo-mail-zh"}}}, ""},
	{"demo-tasting", "春茶品鉴会名单", "On the list of the spring tasting, which was uploaded", object{"field": "onList.tasting-2026", "op": "exists", "value": true}, ""},
}

// definitions are all documents of the play in the order in which they must be saved.
func definitions() []definition {
	var all []definition
	add := func(kind, id string, body object) {
		all = append(all, definition{fmt.Sprintf("/v1/%s/%s", kind, id), body})
	}
	for _, s := range clientSources {
		add("sources", s.id, object{"name": s.name, "kind": s.kind, "writeKeys": []string{s.key}})
	}
	for _, s := range segments {
		body := object{"name": s.title, "rule": s.rule}
		if s.tag != "" {
			body["tag"] = s.tag
		}
		add("segments", s.id, body)
	}
	add("templates", "demo-welcome", mail("欢迎", map[string][2]string{
		"default": {"Welcome to {{ shop.name }}", "Dear {{ profile.name | default: 'friend' }},\n\nyour first tea is on its way to being chosen.\n\nNo more mail: {{ unsubscribeUrl }}\n"},
		"zh":      {"欢迎来到 {{ shop.name }}", "{{ profile.name | default: '朋友' }}，您好！\n\n欢迎加入，第一泡茶等您来选。\n\n退订：{{ unsubscribeUrl }}\n"},
	}))
	add("templates", "demo-champion", mail("老客户答谢", map[string][2]string{
		"default": {"For our best customers: the first picking", "Dear {{ profile.name | default: 'friend' }},\n\nyou see the spring tea before everybody else.\n\nNo more mail: {{ unsubscribeUrl }}\n"},
		"zh":      {"老朋友专享：春茶抢先品", "{{ profile.name | default: '朋友' }}，您好！\n\n今年的春茶，请您先尝。\n\n退订：{{ unsubscribeUrl }}\n"},
	}))
	add("templates", "demo-miss-you", mail("好久不见", map[string][2]string{
		"default": {"It has been a while", "Dear {{ profile.name | default: 'friend' }},\n\nthe kettle is on.\n\nNo more mail: {{ unsubscribeUrl }}\n"},
		"zh":      {"好久不见", "{{ profile.name | default: '朋友' }}，您好！\n\n好久不见，水已经烧好了。\n\n退订：{{ unsubscribeUrl }}\n"},
	}))
	add("templates", "demo-miss-you-gift", mail("好久不见，附赠礼物", map[string][2]string{
		"default": {"A small gift waits for you", "Dear {{ profile.name | default: 'friend' }},\n\nyour next order comes with a box of biscuits.\n\nNo more mail: {{ unsubscribeUrl }}\n"},
		"zh":      {"为您留了一份小礼物", "{{ profile.name | default: '朋友' }}，您好！\n\n下一单送您一盒桂花糕。\n\n退订：{{ unsubscribeUrl }}\n"},
	}))
	add("campaigns", "demo-welcome", object{"name": "欢迎新人", "state": "running", "channel": "email", "templateId": "demo-welcome",
		"trigger": object{"event": object{"name": "Signed Up"}}, "oncePerPerson": true})
	add("campaigns", "demo-champions", object{"name": "重要客户春茶抢先", "state": "running", "channel": "email", "templateId": "demo-champion",
		"trigger": object{"enteredSegment": "segment11:champions"}, "oncePerPerson": true})
	add("campaigns", "demo-win-back", object{"name": "召回流失客户", "state": "running", "channel": "email", "control": 0.1, "oncePerPerson": true,
		"trigger":  object{"enteredSegment": "demo-slipping-away"},
		"variants": []object{{"id": "plain", "weight": 0.5, "templateId": "demo-miss-you"}, {"id": "gift", "weight": 0.5, "templateId": "demo-miss-you-gift"}}})
	add("programs", programID, object{"name": "邀请有礼", "state": "running", "hold": "0s", "attributionWindow": "30d",
		"rewards": object{"advocate": []object{{"points": 500}}, "friend": []object{{"points": 200}}},
		"ladder":  []object{{"friends": 3, "advocate": []object{{"points": 1500}}}},
		"budget":  []object{{"points": 100000}}})
	return all
}

// mail is an e-mail template by locale: subject and text.
func mail(name string, by map[string][2]string) object {
	locales := object{}
	for locale, content := range by {
		locales[locale] = object{"subject": content[0], "text": content[1]}
	}
	return object{"name": name, "channel": "email", "locales": locales}
}
