package rule

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/people/profile"
)

// activityFields are what somebody does, likes, and when.
var activityFields = slices.Concat([]field{
	{name: "activity.days14", kind: Number, unit: Days, meaning: "active days among the last 14", read: activeDays(14)},
	{name: "activity.days60", kind: Number, unit: Days, meaning: "active days among the last 60", read: activeDays(60)},
	{name: "activity.days180", kind: Number, unit: Days, meaning: "active days among the last 180", read: activeDays(180)},
	{name: "activity.streak", kind: Number, unit: Days, meaning: "active days in a row up to the newest", read: amount(func(s *Subject) int { run, _ := streak(s.p.Active); return run })},
	{name: "activity.absence", kind: Number, unit: Days, meaning: "days without activity before the newest streak: who came back after how long", read: amount(func(s *Subject) int { _, gap := streak(s.p.Active); return gap })},
	{name: "events.<event>.daysSince", kind: Number, unit: Days, meaning: "whole days since the event happened last",
		read: func(s *Subject, name string) (value, bool) { return s.daysSince(s.p.Counters[name].Last) }},
	{name: "events.<event>.last7", kind: Number, meaning: "how often it happened on the last 7 days", read: recentEvents(7)},
	{name: "events.<event>.last30", kind: Number, meaning: "how often it happened on the last 30 days; a rule can ask for up to 12 times", newestDays: true, read: recentEvents(30)},
	{name: "events.<event>.last90", kind: Number, meaning: "how often it happened on the last 90 days; a rule can ask for up to 12 times", newestDays: true, read: recentEvents(90)},
	{name: "events.names", kind: List, meaning: "names of the events that happened; of names beyond the known ones, 64", read: many(func(s *Subject) []string { return slices.Sorted(maps.Keys(s.p.Counters)) })},
	{name: "events.others", kind: Number, meaning: "events whose names are not kept, because there are too many", read: func(s *Subject, _ string) (value, bool) { return whole(s.p.Counters[profile.OtherEvents].Total), true }},

	{name: "active.hour", kind: Number, unit: Plain, concluded: true, meaning: "hour of the day, 0 to 23, with the most activity in the person's time zone, else the shop's",
		read: func(s *Subject, _ string) (value, bool) {
			hours, _ := s.hours()
			n := heaviest(hours[:])
			return whole(int64(n)), hours[n] > 0
		}},
	{name: "active.weekday", kind: Text, concluded: true, values: weekdays, meaning: "weekday with the most activity",
		read: func(s *Subject, _ string) (value, bool) {
			_, days := s.hours()
			n := heaviest(days[:])
			return value{kind: Text, text: weekdays()[n]}, days[n] > 0
		}},
	{name: "active.part", kind: Text, concluded: true, values: parts, meaning: "part of the day with the most activity; night is 0 to 5, morning 6 to 11, afternoon 12 to 17, evening 18 to 23 h",
		read: func(s *Subject, _ string) (value, bool) {
			sums := s.dayParts()
			n := heaviest(sums[:])
			return value{kind: Text, text: parts()[n]}, sums[n] > 0
		}},
	{name: "active.weekendShare", kind: Number, unit: Percent, concluded: true, meaning: "share of the activity on Saturdays and Sundays, in percent",
		read: func(s *Subject, _ string) (value, bool) {
			_, days := s.hours()
			return percentOf(days[time.Saturday]+days[time.Sunday], total(days[:]))
		}},
	{name: "active.hours.<hour>", kind: Number, unit: Percent, concluded: true, meaning: "share of the activity in an hour of the day, 0 to 23, in percent",
		judge: func(hour string) string {
			if _, ok := hourOfDay(hour); !ok {
				return fmt.Sprintf("%q is no hour from 0 to 23", clip.Shown(hour))
			}
			return ""
		},
		read: func(s *Subject, hour string) (value, bool) {
			hours, _ := s.hours()
			n, ok := hourOfDay(hour)
			if !ok {
				return value{}, false
			}
			return percentOf(hours[n], total(hours[:]))
		}},

	{name: "viewed.products", kind: List, meaning: "ids of the 8 products looked at last", read: many(func(s *Subject) []string { return slices.Sorted(maps.Keys(s.p.Viewed)) })},
	{name: "search.last", kind: Text, meaning: "what the person searched last", read: text(func(s *Subject) string { return s.p.Search.Value })},
	{name: "search.lastAt", kind: Time, meaning: "when that was", read: moment(func(s *Subject) time.Time { return s.p.Search.At })},
	{name: "ratings.count", kind: Number, meaning: "ratings that the person gave", read: amount(func(s *Subject) int { return int(s.p.Ratings.Count) })},
	{name: "ratings.average", kind: Number, unit: Plain, meaning: "their mean; absent without one",
		read: func(s *Subject, _ string) (value, bool) {
			r := s.p.Ratings
			return decimal(float64(r.Sum) / 10 / float64(max(r.Count, 1))), r.Count > 0
		}},

	{name: "rates.cart", kind: Number, unit: Percent, concluded: true, meaning: "products put into the cart per hundred looked at", read: rate("Product Added", "Product Viewed")},
	{name: "rates.checkout", kind: Number, unit: Percent, concluded: true, meaning: "checkouts begun per hundred products put into the cart", read: rate("Checkout Started", "Product Added")},
	{name: "rates.order", kind: Number, unit: Percent, concluded: true, meaning: "orders per hundred checkouts begun", read: rate("Order Completed", "Checkout Started")},
	{name: "rates.open", kind: Number, unit: Percent, concluded: true, meaning: "e-mails opened per hundred delivered", read: rate("Email Opened", "Email Delivered")},
	{name: "rates.click", kind: Number, unit: Percent, concluded: true, meaning: "links clicked per hundred e-mails opened", read: rate("Email Link Clicked", "Email Opened")},
}, shareFields(), interestFields("category", "category", func(p *profile.Profile) profile.Interests { return p.Categories }),
	interestFields("brand", "brand", func(p *profile.Profile) profile.Interests { return p.Brands }), behaviourFields())

func weekdays() []string {
	return []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
}
func parts() []string { return []string{"night", "morning", "afternoon", "evening"} }

func (s *Subject) hours() (hours [24]int64, days [7]int64) {
	return s.p.Hours.In(s.p.Location(s.shop.Zone), s.p.LastSeen)
}

func (s *Subject) dayParts() (sums [4]int64) {
	hours, _ := s.hours()
	for h, n := range hours {
		sums[h/6] += n
	}
	return sums
}

func heaviest(list []int64) int {
	at := 0
	for i, n := range list {
		if n > list[at] {
			at = i
		}
	}
	return at
}

func total(list []int64) int64 {
	var sum int64
	for _, n := range list {
		sum += n
	}
	return sum
}

func shareFields() []field {
	var all []field
	for i, name := range parts() {
		all = append(all, field{name: "active.share." + name, kind: Number, unit: Percent, concluded: true, meaning: "share of the activity in the " + name + ", in percent",
			read: func(s *Subject, _ string) (value, bool) {
				sums := s.dayParts()
				return percentOf(sums[i], total(sums[:]))
			}})
	}
	for i, name := range weekdays() {
		all = append(all, field{name: "active.share." + name, kind: Number, unit: Percent, concluded: true, meaning: "share of the activity on a " + strings.ToUpper(name[:1]) + name[1:] + ", in percent",
			read: func(s *Subject, _ string) (value, bool) {
				_, days := s.hours()
				return percentOf(days[i], total(days[:]))
			}})
	}
	return all
}

// interestFields ask a table of interests. Looking weighs 1, a wish 2, the cart 3, an order 5; after 30 days half as much.
func interestFields(name, what string, table func(*profile.Profile) profile.Interests) []field {
	ranked := func(n int) func(*Subject, string) (value, bool) {
		return text(func(s *Subject) string {
			if list := table(s.p).Favourites(s.now); n < len(list) && table(s.p)[list[n]].Weight(s.now) > 0 {
				return list[n]
			}
			return ""
		})
	}
	return []field{
		{name: name + ".first", kind: Text, concluded: true, meaning: "favourite " + what + ": views, wishes, carts and orders weigh 1, 2, 3 and 5, and half as much 30 days later",
			read: text(func(s *Subject) string { return table(s.p).Favourite(s.now) })},
		{name: name + ".second", kind: Text, concluded: true, meaning: "the " + what + " that comes next", read: ranked(1)},
		{name: name + ".third", kind: Text, concluded: true, meaning: "the " + what + " after that", read: ranked(2)},
		{name: name + ".all", kind: List, concluded: true, meaning: "every " + what + " that the person had to do with, of 32", read: many(func(s *Subject) []string { return table(s.p).Favourites(s.now) })},
		{name: name + ".share", kind: Number, unit: Percent, concluded: true, meaning: "share of the favourite " + what + " in the weight of all, in percent",
			read: func(s *Subject, _ string) (value, bool) {
				list, sum := table(s.p).Favourites(s.now), table(s.p).Sum(s.now)
				if len(list) == 0 || sum <= 0 {
					return value{}, false
				}
				return whole(int64(100 * table(s.p)[list[0]].Weight(s.now) / sum)), true
			}},
		{name: name + ".<name>.weight", kind: Number, unit: Plain, concluded: true, meaning: "weight of one " + what + " now",
			read: func(s *Subject, name string) (value, bool) {
				return decimal(table(s.p)[name].Weight(s.now)), true
			}},
	}
}

func recentEvents(days int) func(*Subject, string) (value, bool) {
	return func(s *Subject, name string) (value, bool) {
		return whole(s.p.Counters[name].Since(s.today - profile.Day(days) + 1)), true
	}
}

func rate(of, per string) func(*Subject, string) (value, bool) {
	return func(s *Subject, _ string) (value, bool) {
		return percentOf(s.p.Counters[of].Total, s.p.Counters[per].Total)
	}
}

// streak is how many active days in a row end with the newest, and how many days without activity lie before them; 0 where nothing
// is known of an activity before.
func streak(d profile.Days) (run, gap int) {
	if len(d.Bits) == 0 {
		return 0, 0
	}
	for d.Has(d.Last - profile.Day(run)) {
		run++
	}
	for back := run; back < len(d.Bits)*8; back++ {
		if d.Has(d.Last - profile.Day(back)) {
			return run, back - run
		}
	}
	return run, 0
}

// behaviours are what people do, by the events that say so.
var behaviours = []struct {
	name, what, zh string
	events         []string
}{
	{"pages", "pages seen", "浏览页面", []string{"page"}},
	{"screens", "screens seen", "浏览应用界面", []string{"screen"}},
	{"searches", "searches", "搜索", []string{"Products Searched"}},
	{"lists", "product lists seen", "浏览商品列表", []string{"Product List Viewed"}},
	{"filters", "product lists filtered", "筛选商品列表", []string{"Product List Filtered"}},
	{"views", "products looked at", "浏览商品", []string{"Product Viewed"}},
	{"clicks", "products clicked", "点击商品", []string{"Product Clicked"}},
	{"promotions", "promotions seen", "看到促销", []string{"Promotion Viewed"}},
	{"promotionClicks", "promotions clicked", "点击促销", []string{"Promotion Clicked"}},
	{"cartAdds", "products put into the cart", "加入购物车", []string{"Product Added", "Wishlist Product Added to Cart"}},
	{"cartRemovals", "products taken out of the cart", "移出购物车", []string{"Product Removed"}},
	{"cartViews", "looks into the cart", "查看购物车", []string{"Cart Viewed"}},
	{"checkouts", "checkouts begun", "开始结算", []string{"Checkout Started"}},
	{"payments", "payment details entered", "填写支付信息", []string{"Payment Info Entered"}},
	{"couponsApplied", "coupons applied", "使用优惠券", []string{"Coupon Applied"}},
	{"couponsDenied", "coupons denied", "优惠券被拒", []string{"Coupon Denied"}},
	{"wishes", "products put on the wishlist", "加入心愿单", []string{"Product Added to Wishlist"}},
	{"reviews", "products reviewed", "评价商品", []string{"Product Reviewed"}},
	{"shares", "products and carts shared", "分享商品或购物车", []string{"Product Shared", "Cart Shared"}},
	{"invites", "invitations sent", "发出邀请", []string{"Invite Sent"}},
	{"invitesAccepted", "invitations accepted", "邀请被接受", []string{"Invite Accepted"}},
	{"groupBuys", "group purchases opened or joined", "开团或参团", []string{"Group Opened", "Group Joined"}},
	{"bargains", "bargains begun", "发起砍价", []string{"Bargain Started"}},
	{"bargainHelps", "bargains of others helped along", "帮人砍价", []string{"Bargain Helped"}},
	{"lotteries", "lotteries drawn", "抽奖", []string{"Lottery Drawn"}},
	{"checkIns", "check-ins", "签到", []string{"Checked In"}},
	{"tasks", "tasks completed", "完成任务", []string{"Task Completed"}},
	{"badges", "badges earned", "获得徽章", []string{"Badge Earned"}},
	{"pointsRedeemed", "redemptions of points", "兑换积分", []string{"Points Redeemed"}},
	{"signIns", "sign-ins", "登录", []string{"Signed In"}},
	{"storeVisits", "visits to a store", "到店", []string{"Store Visited"}},
	{"tickets", "questions to customer service", "咨询客服", []string{"Ticket Opened"}},
	{"emails", "e-mails delivered", "收到邮件", []string{"Email Delivered"}},
	{"emailOpens", "e-mails opened", "打开邮件", []string{"Email Opened"}},
	{"emailClicks", "links in e-mails clicked", "点击邮件链接", []string{"Email Link Clicked"}},
	{"notifications", "notifications sent on any channel", "收到通知", []string{"Notification Sent"}},
	{"social", "reviews, shares and invitations", "评价、分享与邀请", []string{"Product Reviewed", "Product Shared", "Cart Shared", "Invite Sent"}},
}

// untold is what only a shop tells that sends notifications by itself: dispatch knows of its own, and telling each profile of each would take two write units more for one. Caps count them where they are decided.
// A rule that asks for them is read as ever, and none is offered them.
var untold = []string{"Notification Sent"}

// behaviourFields ask of each behaviour how often, how lately, how often lately.
func behaviourFields() []field {
	var all []field
	for _, b := range behaviours {
		last := func(s *Subject) time.Time {
			var at time.Time
			for _, name := range b.events {
				if t := s.p.Counters[name].Last; t.After(at) {
					at = t
				}
			}
			return at
		}
		sum := func(part func(*Subject, string) (value, bool)) func(*Subject, string) (value, bool) {
			return func(s *Subject, _ string) (value, bool) {
				var n int64
				for _, name := range b.events {
					one, _ := part(s, name)
					n += one.num.whole
				}
				return whole(n), true
			}
		}
		about := []field{
			{name: b.name + ".count", kind: Number, meaning: b.what, read: sum(func(s *Subject, name string) (value, bool) { return whole(s.p.Counters[name].Total), true })},
			{name: b.name + ".last7", kind: Number, meaning: b.what + " on the last 7 days", read: sum(recentEvents(7))},
			{name: b.name + ".last30", kind: Number, meaning: b.what + " on the last 30 days; a rule can ask for up to 12", newestDays: true, read: sum(recentEvents(30))},
			{name: b.name + ".lastAt", kind: Time, meaning: "time of the last of: " + b.what, read: moment(last)},
			{name: b.name + ".daysSince", kind: Number, unit: Days, meaning: fmt.Sprintf("whole days since the last of: %s", b.what), read: since(last)},
		}
		for i := range about {
			about[i].unlisted = slices.Equal(b.events, untold)
		}
		all = append(all, about...)
	}
	return all
}

func hourOfDay(text string) (hour int, ok bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0 && n <= 23
}

func activeDays(n int) func(*Subject, string) (value, bool) {
	return func(s *Subject, _ string) (value, bool) {
		return count(s.p.Active.Count(s.today - profile.Day(n) + 1))
	}
}
