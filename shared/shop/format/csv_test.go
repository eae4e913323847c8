package format

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// told is what a file makes, an event a line in a form that a person can hold against the file.
func told(t *testing.T, f Format, text string, o Options) (events []string, refused string, err error) {
	t.Helper()
	if o.Zone == nil {
		o.Zone = time.FixedZone("", 8*3600)
	}
	var refusals []string
	err = Read(f, strings.NewReader(text), o, Sink{
		Event: func(e Event) error {
			var c struct {
				Type, MessageID, UserID, AnonymousID, Event, Timestamp string
				Properties, Traits                                     json.RawMessage
			}
			if err := json.Unmarshal(e.Body, &c); err != nil {
				t.Fatalf("line %d: %v", e.Line, err)
			}
			if c.MessageID != e.MessageID || e.Person != c.UserID+c.AnonymousID {
				t.Errorf("the event of line %d is %s of %s, and says %s of %s%s", e.Line, e.MessageID, e.Person, c.MessageID, c.UserID, c.AnonymousID)
			}
			moves := ""
			if e.Money != (Money{}) {
				moves = fmt.Sprintf(" %s%d %s", map[bool]string{true: "-"}[e.Money.Refund], e.Money.Amount.Minor, e.Money.Amount.Currency)
			}
			events = append(events, fmt.Sprintf("%d %s %s %s%s %s %s%s%s", e.Line, e.MessageID, c.Type+c.Event, c.UserID, c.AnonymousID, c.Timestamp, c.Properties, c.Traits, moves))
			return nil
		},
		Refuse: func(r Refusal) { refusals = append(refusals, r.String()) },
	})
	return events, strings.Join(refusals, "\n"), err
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("%s:\n%s\nwant:\n%s", what, g, w)
	}
}

const taobaoMap = "order_id:订单号,userId:客户,total:实付金额,timestamp:下单时间,currency:=CNY,name:商品,sku:货号,quantity:数量,price:单价,status:状态"

const taobao = "订单号,客户,实付金额,下单时间,商品,货号,数量,单价,状态\n" +
	"=\"240001\",u-1,\"￥1,234.50\",2026/11/29 10:00,\"绿茶 \"\"特级\"\", 100g\",T-1,2,500,交易成功\n" +
	"=\"240001\",u-1,\"￥1,234.50\",2026/11/29 10:00,杯子,C-1,1,234.5,交易成功\n" +
	"240002,u-2,99,2026年11月28日 9:05,\"杯\n子\",C-1,1,99,待付款\n" +
	",,,,,,,,\n" +
	"240003,u-3,12.5,2026-11-29,杯子,C-1,1,12.5,退款成功\n"

var taobaoEvents = []string{
	`2 order-240001-completed trackOrder Completed u-1 2026-11-29T02:00:00Z {"currency":"CNY","order_id":"240001","products":[` +
		`{"name":"绿茶 \"特级\", 100g","price":500.00,"product_id":"T-1","quantity":2,"sku":"T-1"},{"name":"杯子","price":234.50,"product_id":"C-1","quantity":1,"sku":"C-1"}],"total":1234.50} 123450 CNY`,
	`4 order-240002-placed trackOrder Placed u-2 2026-11-28T01:05:00Z {"currency":"CNY","order_id":"240002","products":[` +
		`{"name":"杯\n子","price":99.00,"product_id":"C-1","quantity":1,"sku":"C-1"}],"total":99.00}`,
	`7 order-240003-completed trackOrder Completed u-3 2026-11-29T04:00:00Z {"currency":"CNY","order_id":"240003","products":[` +
		`{"name":"杯子","price":12.50,"product_id":"C-1","quantity":1,"sku":"C-1"}],"total":12.50} 1250 CNY`,
	`7 order-240003-refunded trackOrder Refunded u-3 2026-11-29T04:00:00Z {"currency":"CNY","order_id":"240003","refund_id":"exported"} -1250 CNY`,
}

func TestCSVInEveryEncoding(t *testing.T) {
	encode := func(e encoding.Encoding) string {
		text, err := e.NewEncoder().String(taobao)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for name, text := range map[string]string{
		"UTF-8": taobao, "a byte order mark": "\ufeff" + taobao, "GBK": encode(simplifiedchinese.GBK), "UTF-16": encode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)),
		"line ends of Windows": strings.ReplaceAll(taobao, "\n\"", "\r\n\""), "semicolons": strings.NewReplacer("￥1,234.50", "￥1,234.50", "\"\", 100g", "\"\", 100g", ",", ";").Replace(taobao),
	} {
		events, refused, err := told(t, CSV, text, Options{Map: taobaoMap})
		if err != nil || refused != "" {
			t.Errorf("%s: %v %s", name, err, refused)
		}
		same(t, name, events, taobaoEvents...)
	}
	// What stands in one column alone is told from the text, and by name where it is told wrongly.
	latin, err := charmap.Windows1252.NewEncoder().String("id,who,sum,when,café\n1,u,2,2026-11-29,Crème brûlée\n")
	if err != nil {
		t.Fatal(err)
	}
	m := "order_id:id,userId:who,total:sum,timestamp:when,currency:=EUR,properties.note:café"
	for _, name := range []string{"", "windows-1252"} {
		events, refused, err := told(t, CSV, latin, Options{Map: m, Encoding: name})
		if err != nil || refused != "" {
			t.Errorf("%v %s", err, refused)
		}
		same(t, "Windows-1252", events, `2 order-1-completed trackOrder Completed u 2026-11-29T04:00:00Z {"currency":"EUR","note":"Crème brûlée","order_id":"1","total":2.00} 200 EUR`)
	}
	if _, _, err := told(t, CSV, taobao, Options{Map: taobaoMap, Encoding: "klingon"}); err == nil || err.Error() != `there is no encoding "klingon": use utf-8, gbk or windows-1252` {
		t.Errorf("error is %v", err)
	}
	_, refused, err := told(t, CSV, "id,who,sum,when,n\n"+strings.Repeat("x", looked)+"\n1,u,2,2026-11-29,\xc4\xe3\xba\xc3\n", Options{Map: strings.Replace(m, "café", "n", 1)})
	if err != nil || !strings.HasSuffix(refused, "line 3 (row 2 below the header): n is no UTF-8, as the file is read: say ENCODING=") {
		t.Errorf("%v, refused %q", err, refused[max(0, len(refused)-200):])
	}
}

func TestCSVFaultsNameLineAndColumn(t *testing.T) {
	const head = "no,who,sum,when,cur,back,state,item,pcs,each\n"
	const m = "order_id:no,userId:who,total:sum,timestamp:when,currency:cur,refunded:back,status:state,name:item,quantity:pcs,price:each"
	for name, c := range map[string]struct{ lines, want string }{
		"amount":          {"1,u,abc,2026-1-1,CNY,,,,,\n", `line 2 (row 1 below the header): sum is no amount of money (there stands "abc")`},
		"two faults":      {"1,u,abc,never,CNY,,,,,\n", `line 2 (row 1 below the header): sum is no amount of money; when is no time such as 2026-11-29 10:00:00, 2026/11/29 10:00 or 2026年11月29日`},
		"no total":        {"1,u,,2026-1-1,CNY,,,,,\n", "line 2 (row 1 below the header): sum is empty"},
		"no time":         {"1,u,1,,CNY,,,,,\n", "line 2 (row 1 below the header): when is empty"},
		"no person":       {"1,,1,2026-1-1,CNY,,,,,\n", "line 2 (row 1 below the header): who is empty"},
		"no currency":     {"1,u,1,2026-1-1,,,,,,\n", "line 2 (row 1 below the header): cur is empty"},
		"odd currency":    {"1,u,1,2026-1-1,ABC,,,,,\n", `line 2 (row 1 below the header): cur is no currency of ISO 4217, such as CNY (there stands "ABC")`},
		"no order":        {",u,1,2026-1-1,CNY,,,,,\n", "line 2 (row 1 below the header): no is empty: which order it is cannot be told"},
		"rounded order":   {"1.2E+17,u,1,2026-1-1,CNY,,,,,\n", `line 2 (row 1 below the header): no was rounded by a spreadsheet: export it again, with the column as text (there stands "1.2E+17")`},
		"below zero":      {"1,u,-1,2026-1-1,CNY,,,,,\n", `line 2 (row 1 below the header): sum is below zero: what is given back goes into refunded (there stands "-1")`},
		"odd state":       {"1,u,1,2026-1-1,CNY,,lost,,,\n", `line 2 (row 1 below the header): state is no state of an order that is known (docs/import.md) (there stands "lost")`},
		"part of unknown": {"1,u,1,2026-1-1,CNY,,部分退款,,,\n", `line 2 (row 1 below the header): state says that a part was given back, and not how much: map refunded (there stands "部分退款")`},
		"pieces":          {"1,u,1,2026-1-1,CNY,,,Tea,two,1\n", `line 2 (row 1 below the header): pcs is no number of pieces (there stands "two")`},
		"torn":            {"1,u,1\n", "line 2 (row 1 below the header): the line is torn in sum: it has 3 of 10 columns"},
		"too wide": {"1,u,1,234,2026-1-1,CNY,,,,,\n1,u,1,234,2026-1-1,CNY,,,,,x\n", `line 3 (row 2 below the header): the line has 11 columns, the header 10: a cell with a "," in it needs quotes` +
			"\nline 2 (row 1 below the header): cur is no currency of ISO 4217, such as CNY; when is no time such as 2026-11-29 10:00:00, 2026/11/29 10:00 or 2026年11月29日"},
		"a torn line of two": {"1,u,,2026-1-1,CNY,,,Tea,1,2\n1,u,,2026-1-1,CNY,,,Cup\n", "line 3 (row 2 below the header): the line is torn in item: it has 8 of 10 columns\n" +
			"line 2 (row 1 below the header): another line of its order is refused: line 3"},
		"a line of two": {"1,u,5,2026-1-1,CNY,,,Tea,1,2\n1,u,5,2026-1-1,CNY,,,Cup,x,3\n", "line 2 (row 1 below the header): another line of its order is refused: line 3\n" +
			`line 3 (row 2 below the header): pcs is no number of pieces (there stands "x")`},
		"two totals": {"1,u,5,2026-1-1,CNY,,,Tea,1,2\n1,u,6,2026-1-1,CNY,,,Cup,1,3\n", "line 2 (row 1 below the header): another line of its order is refused: line 3\n" +
			`line 3 (row 2 below the header): sum is not that of the order's line 2 (there stands "6")`},
		"two people": {"1,u,5,2026-1-1,CNY,,,Tea,1,2\n1,v,5,2026-1-1,CNY,,,Cup,1,3\n", "line 2 (row 1 below the header): another line of its order is refused: line 3\n" +
			`line 3 (row 2 below the header): who is not that of the order's line 2 (there stands "v")`},
	} {
		events, refused, err := told(t, CSV, head+c.lines, Options{Map: m})
		if err != nil || len(events) != 0 || refused != c.want {
			t.Errorf("%s: %d events, error %v, refused:\n%s\nwant:\n%s", name, len(events), err, refused, c.want)
		}
	}
	// The lines of an order stand together; one that comes later says where.
	events, refused, err := told(t, CSV, head+"1,u,1,2026-1-1,CNY,,,Tea,1,1\n2,u,1,2026-1-1,CNY,,,Tea,1,1\n1,u,1,2026-1-1,CNY,,,Cup,1,1\n", Options{Map: m})
	if want := `line 4 (row 3 below the header): no is that of an order whose lines ended above, which began in line 2: sort the file by it (there stands "1")`; err != nil || len(events) != 2 || refused != want {
		t.Errorf("%d events, error %v, refused %s", len(events), err, refused)
	}
}

func TestCSVRefundsTotalsAndTypes(t *testing.T) {
	events, refused, err := told(t, CSV, "no,who,when,item,pcs,row,back,mail,age,vip,ship\n"+
		"7,u,2026-1-1,Tea,3,10.00,,a@b.example,41,是,5\n7,u,2026-1-1,Cup,0.5,1.25,4.00,a@b.example,,,\n8,u,2026-1-2,Tea,1,2,,a@b.example,41,是,\n", Options{Currency: "EUR",
		Map: "order_id:no,userId:who,timestamp:when,name:item,quantity:pcs,line_total:row,refunded:back,email:mail,traits.number(age):age,properties.flag(vip):vip,shipping:ship"})
	if err != nil || refused != "" {
		t.Fatalf("%v %s", err, refused)
	}
	person := events[0]
	if !strings.HasPrefix(person, "2 person-") || !strings.HasSuffix(person, ` identify u 2026-01-01T04:00:00Z {"age":41,"email":"a@b.example"}`) {
		t.Errorf("the person is told as %s", person)
	}
	same(t, "events", events[1:],
		`2 order-7-completed trackOrder Completed u 2026-01-01T04:00:00Z {"currency":"EUR","order_id":"7","products":[{"line_total":10.00,"name":"Tea","price":3.33,"product_id":"Tea","quantity":3},`+
			`{"line_total":1.25,"name":"Cup","product_id":"Cup","quantity":0.5}],"shipping":5.00,"total":11.25,"vip":true} 1125 EUR`,
		`2 order-7-refunded-400 trackOrder Refunded u 2026-01-01T04:00:00Z {"currency":"EUR","order_id":"7","refund_id":"exported","total":4.00} -400 EUR`,
		`4 order-8-completed trackOrder Completed u 2026-01-02T04:00:00Z {"currency":"EUR","order_id":"8","products":[{"line_total":2.00,"name":"Tea","price":2.00,"product_id":"Tea","quantity":1}],"total":2.00,"vip":true} 200 EUR`)
}

func TestCSVOfPeople(t *testing.T) {
	o := Options{Map: "userId:会员号,email:邮箱,phone:手机,birthday:生日,createdAt:注册时间,number(points):积分,flag(vip):VIP,timestamp:更新"}
	text := "会员号,邮箱,手机,生日,注册时间,积分,VIP,更新\n" +
		"001,a@b.example,'13800138000,1990/5/31,2020年1月2日 8:00,\"1,200\",是,2026/11/29 10:00\n" +
		"002,,,,,-5,,\n" +
		",c@d.example,,,,,,\n004,,,,,,,\n005,e@f.example,1.38E+10,tomorrow,,x,maybe,\nnull,e@f.example,,,,,,\n"
	events, refused, err := told(t, CSV, text, o)
	if err != nil || len(events) != 2 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	again, _, _ := told(t, CSV, text, o)
	same(t, "the second reading", again, events...)
	for i, want := range []string{
		` identify 001 2026-11-29T02:00:00Z {"birthday":"1990-05-31","createdAt":"2020-01-02T00:00:00Z","email":"a@b.example","phone":"13800138000","points":1200,"vip":true}`,
		` identify 002  {"points":-5}`,
	} {
		if !strings.HasSuffix(events[i], want) {
			t.Errorf("event %d is %s, want %s", i, events[i], want)
		}
	}
	want := "line 4 (row 3 below the header): 会员号 is empty: whose the line is cannot be told\n" +
		"line 5 (row 4 below the header): the line says nothing of the person: every trait is empty\n" +
		"line 6 (row 5 below the header): 生日 is no date such as 1990-05-31 or 1990/5/31; VIP is neither yes nor no (是 nor 否); 积分 is no number; 手机 was rounded by a spreadsheet: export it again, with the column as text\n" +
		`line 7 (row 6 below the header): 会员号 means nobody (there stands "null")`
	if refused != want {
		t.Errorf("refused:\n%s\nwant:\n%s", refused, want)
	}
}

func TestMapsThatCannotBe(t *testing.T) {
	for m, want := range map[string]string{
		"":                            `MAP says which column is what: MAP="order_id:Order No.,userId:Customer,total:Paid,timestamp:Date,currency:=CNY" (docs/import.md)`,
		"order_id:a,userId:b":         "MAP: timestamp is missing: when it was ordered; total is missing (or line_total, or price): what it came to",
		"order_id:a,order_id:b,x":     `MAP: order_id stands twice; "x" is neither field:column nor field:=text`,
		"order_id:a,userId:b,total:c": "MAP: timestamp is missing: when it was ordered",
		"total:a,userId:b":            "MAP: order_id is missing: an order's lines are known by it",
		"userId:b":                    "MAP: no trait is named, such as email:Column",
		"email:b":                     "MAP: userId (or anonymousId) is missing: whose the line is; no trait is named, such as email:Column",
		"order_id:id,userId:who,total:Gross,timestamp:at,currency:=CNY": "the header has no column Gross, at; it has id, who, sum, when, when",
		"order_id:id,userId:who,total:sum,timestamp:when,currency:=CNY": "the header has the column when twice: which one is meant cannot be told",
		"order_id:id,userId:who,total:sum,timestamp:=2026-1-1":          "the file names no currency: add currency:=CNY to MAP, or say CURRENCY=CNY",
		"order_id:id,userId:who,totl:sum,total:sum,timestamp:when": "MAP: there is no field totl: an order has userId, anonymousId, timestamp, order_id, total, currency, subtotal, revenue, shipping, tax, discount, coupon, store_id, " +
			"affiliation, status, paid_at, refunded, refunded_at, cancelled_at, email, phone; its lines product_id, sku, name, brand, category, variant, price, quantity, line_total; " +
			"other columns are properties.<name>, traits.<name>",
	} {
		if _, _, err := told(t, CSV, "id,who,sum,when,when\n1,u,2,3,4\n", Options{Map: m}); err == nil || err.Error() != want {
			t.Errorf("%s: %v\nwant %s", m, err, want)
		}
	}
	// A column whose name has a comma stands in quotes.
	events, _, err := told(t, CSV, "id;who;\"sum, paid\";when: local\n1;u;2,50;2026-1-1\n", Options{Map: `order_id:id,userId:who,"total:sum, paid",timestamp:when: local,currency:=EUR`})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "events", events, `2 order-1-completed trackOrder Completed u 2026-01-01T04:00:00Z {"currency":"EUR","order_id":"1","total":2.50} 250 EUR`)
}

func TestAQuoteThatNobodyCloses(t *testing.T) {
	text := "id,who,sum,when\n1,u,2,2026-1-1\n2,\"u,2,2026-1-1\n" + strings.Repeat("3,u,2,2026-1-1\n", longest+1)
	_, _, err := told(t, CSV, text, Options{Map: "order_id:id,userId:who,total:sum,timestamp:when,currency:=CNY"})
	if err == nil || err.Error() != fmt.Sprintf("a quote that opens in line 3 is not closed within %d lines", longest) {
		t.Errorf("error is %v", err)
	}
}
