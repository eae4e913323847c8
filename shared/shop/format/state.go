package format

import "strings"

// state is how far an order has come.
type state string

const (
	paid      state = "paid"
	unpaid    state = "unpaid"
	refunded  state = "refunded"  // paid, and given back
	partly    state = "partly"    // paid, and given back in part: how much, another column says
	cancelled state = "cancelled" // before it was paid
	draft     state = "draft"     // no order yet
)

// states are the words that exports have for them, of any case, with spaces for underscores and hyphens.
var states = words(map[state]string{
	paid: "paid,completed,complete,processing,shipped,delivered,fulfilled,partially shipped,closed,done,success,succeeded,已付款,已支付,付款成功,支付成功,待发货,等待发货,等待卖家发货," +
		"买家已付款,买家已付款 等待卖家发货,已发货,卖家已发货,待收货,卖家已发货 等待买家确认,已签收,已收货,已完成,完成,交易成功,交易完成,已评价,待评价",
	unpaid:    "unpaid,pending,pending payment,on hold,authorized,partially paid,expired,voided,待付款,待支付,未付款,未支付,等待付款,等待买家付款",
	refunded:  "refunded,returned,已退款,退款成功,已退货,全额退款",
	partly:    "partially refunded,部分退款",
	cancelled: "cancelled,canceled,failed,trash,已取消,取消,交易取消,交易关闭,已关闭,付款失败",
	draft:     "draft,auto draft,checkout draft",
})

func words(of map[state]string) map[string]state {
	all := map[string]state{}
	for s, text := range of {
		for word := range strings.SplitSeq(text, ",") {
			all[word] = s
		}
	}
	return all
}

// stateOf reads a word; false is one that is not known.
func stateOf(word string) (state, bool) {
	word = strings.TrimPrefix(strings.ToLower(word), "wc-")
	s, known := states[strings.Join(strings.Fields(strings.NewReplacer("_", " ", "-", " ", "，", " ", ",", " ").Replace(word)), " ")]
	return s, known
}
