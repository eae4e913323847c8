package play

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// habit is how a person buys, which decides the class that segmentation should find.
type habit struct {
	name   string
	people int
	// orders, first and last bound the number of orders and the days before the present of the first and the last one.
	orders, first, last [2]int
	// views are product views beside those that lead to an order, in the last days.
	views, viewDays [2]int
	cart            bool // leaves something in the cart
}

// habits make a small shop of 300 people whose classes all have somebody in them.
var habits = []habit{
	{name: "regular", people: 28, orders: [2]int{9, 22}, first: [2]int{200, 380}, last: [2]int{1, 12}, views: [2]int{2, 9}, viewDays: [2]int{0, 20}},
	{name: "loyal", people: 40, orders: [2]int{4, 9}, first: [2]int{120, 360}, last: [2]int{8, 40}, views: [2]int{1, 6}, viewDays: [2]int{0, 40}},
	{name: "newcomer", people: 44, orders: [2]int{1, 2}, first: [2]int{3, 24}, last: [2]int{2, 20}, views: [2]int{1, 6}, viewDays: [2]int{0, 20}, cart: true},
	{name: "slipping", people: 42, orders: [2]int{4, 12}, first: [2]int{220, 380}, last: [2]int{95, 190}, views: [2]int{0, 2}, viewDays: [2]int{60, 180}},
	{name: "once", people: 54, orders: [2]int{1, 1}, first: [2]int{40, 340}, last: [2]int{40, 340}, views: [2]int{0, 2}, viewDays: [2]int{30, 200}},
	{name: "browser", people: 44, views: [2]int{2, 12}, viewDays: [2]int{0, 25}, cart: true},
	{name: "idle", people: 34, views: [2]int{1, 2}, viewDays: [2]int{50, 300}},
	{name: "guest", people: 14, views: [2]int{1, 5}, viewDays: [2]int{0, 40}},
}

// person is somebody of the shop. Who is a guest has no userId.
type person struct {
	userID, anonymousID string
	name, email, phone  string
	city, locale, zone  string
	source              int // place in sources
	habit               habit
	consent             bool
}

var (
	chineseFamily = []string{"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马", "罗"}
	chineseGiven  = []string{"伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "秀英", "晓东", "欣怡", "子涵", "浩然", "雨桐", "梓轩"}
	latinGiven    = []string{"Anna", "Ben", "Chloé", "David", "Emma", "Félix", "Grace", "Hugo", "Ines", "Jonas", "Katarína", "Liam", "Mia", "Noah", "Olivia", "Paul", "Rosa", "Sören", "Tom", "Zoë"}
	latinFamily   = []string{"Martin", "Novák", "O'Brien", "Müller", "García", "Rossi", "Smith", "Jensen", "Kowalski", "Silva", "Dubois", "Lindström", "Brown", "Weiß", "Horváth"}
	cities        = []string{"上海", "北京", "广州", "深圳", "杭州", "成都", "武汉", "西安"}
	places        = []struct{ city, zone string }{{"London", "Europe/London"}, {"Berlin", "Europe/Berlin"}, {"Singapore", "Asia/Singapore"}, {"Sydney", "Australia/Sydney"}, {"New York", "America/New_York"}}
)

// people are the same for the same random source: first those of the habits, in their order.
func people(r *rand.Rand) []person {
	var all []person
	for _, h := range habits {
		for range h.people {
			all = append(all, stranger(r, h, fmt.Sprintf("demo-%03d", len(all)+1)))
		}
	}
	return all
}

// domain is where the people of the play have their mail.
const domain = "@demo.example"

// stranger makes up a person with the id.
func stranger(r *rand.Rand, h habit, id string) person {
	p := person{userID: id, anonymousID: "anon-" + id, habit: h, source: pick(r, []int{0, 0, 0, 1, 1, 2}), consent: r.IntN(100) < 82}
	if r.IntN(100) < 65 {
		p.name = pick(r, chineseFamily) + pick(r, chineseGiven)
		p.city, p.locale, p.zone = pick(r, cities), "zh-CN", "Asia/Shanghai"
	} else {
		at := pick(r, places)
		p.name = pick(r, latinGiven) + " " + pick(r, latinFamily)
		p.city, p.locale, p.zone = at.city, "en-GB", at.zone
	}
	p.email = strings.TrimPrefix(id, "demo-") + domain
	p.phone = fmt.Sprintf("+86139%08d", r.IntN(100_000_000))
	if h.name == "guest" {
		p.userID = ""
	}
	return p
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// between is a number from low to high, both included.
func between(r *rand.Rand, bounds [2]int) int { return bounds[0] + r.IntN(bounds[1]-bounds[0]+1) }
