package rule

import "time"

// Kind is the type of what a rule asks of a profile. It decides which operations make sense.
type Kind string

// The kinds of field. A trait is Any: the type of its value is known only when it is looked at, and a comparison with a
// value of another type is simply not met. An Object has fields of its own and can only be asked whether it is there.
const (
	Number Kind = "number"
	Text   Kind = "text"
	Flag   Kind = "flag"
	Time   Kind = "time"
	List   Kind = "list"
	Object Kind = "object"
	Any    Kind = "any"
)

// Unit says what a number counts.
type Unit string

// The units. Money is in minor units of the shop's currency; Plain is a number on a scale of its own, as a score or an hour of the day.
const (
	Money   Unit = "money"
	Days    Unit = "days"
	Hours   Unit = "hours"
	Years   Unit = "years"
	Percent Unit = "percent"
	Count   Unit = "count"
	Plain   Unit = "plain"
)

// value is what a field or an operand holds: the member that its kind names.
type value struct {
	kind Kind
	num  number
	text string
	flag bool
	at   time.Time
	list []string
	// elements are those of a list whose elements may be of any kind; list is empty then.
	elements []value
}

func whole(n int64) value { return value{kind: Number, num: number{whole: n, isWhole: true}} }

func textOf(s string) (value, bool) { return value{kind: Text, text: s}, s != "" }

func timeOf(t time.Time) (value, bool) {
	return value{kind: Time, at: t}, !t.IsZero()
}

func listOf(l []string) (value, bool) { return value{kind: List, list: l}, len(l) > 0 }

func count(n int) (value, bool) { return whole(int64(n)), true }

func flagOf(b bool) (value, bool) { return value{kind: Flag, flag: b}, true }

func decimal(f float64) value { return value{kind: Number, num: number{float: f}} }

// percentOf is a share in whole percent, rounded down; absent without a whole.
func percentOf(n, all int64) (value, bool) {
	if all <= 0 {
		return value{}, false
	}
	return whole(100 * max(n, 0) / all), true
}
