package simulation

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// What one partition of DynamoDB takes in a second. One that many people have in common may take what is due to the part of them that is
// played.
const (
	mostWriteUnits = 1000
	mostReadUnits  = 3000
)

// ofOne begins the partition keys that are of one person, order, code, address or job: more people do not make them hotter. Standings and ranks are
// among them: what is asked of one of their partitions is asked for the advocate whose friends all come at once, who is played whole. Whatever is not here
// is everybody's.
var ofOne = map[string][]string{
	"Profiles": {"p#", "o#"}, "Timeline": {""}, "Deliveries": {""}, "Referrals": {"a#", "f#", "c#", "i#", "l#", "t#"}, "Ledger": {"p#", "x#", "i#"}, "Runs": {"r#", "i#"}, "DeadLetters": {"b#"},
	"Due": {"orchestration#taken#", "orchestration#waits#"}, "Catalog": {"i#"}, "Search": {"p#", "t#", "m#"},
}

// load counts what each partition key is asked for in each second of virtual time, by DynamoDB's own rules: a write is paid by the kilobyte of
// the larger of what was and what is, a read by four; twice that in a transaction, and half for a read that may be stale. A refused
// condition costs as well. The template has no secondary index: newLoad refuses one.
type load struct {
	w     *world
	sizes map[string]int // of every item, by table and key
	rates map[string]*rate
	read  float64 // what the call before has read

	events, orders rate // that clients have sent
	over           bool // the judge's own reading is no load
}

// rate is what was counted in the present second, and the most of any: the mean of it and the one before, since what a fault held up comes together
// with what follows it.
type rate struct {
	second              int64
	read, write         float64
	readOld, writeOld   float64 // of the second before
	mostRead, mostWrite float64
	readAt, writtenAt   int64
}

func (r *rate) add(read, write float64) {
	if now := time.Now().Unix(); now != r.second {
		r.readOld, r.writeOld = 0, 0
		if now == r.second+1 {
			r.readOld, r.writeOld = r.read, r.write
		}
		r.second, r.read, r.write = now, 0, 0
	}
	r.read += read
	r.write += write
	if mean := (r.read + r.readOld) / 2; mean > r.mostRead {
		r.mostRead, r.readAt = mean, r.second
	}
	if mean := (r.write + r.writeOld) / 2; mean > r.mostWrite {
		r.mostWrite, r.writtenAt = mean, r.second
	}
}

func newLoad(w *world) *load {
	for _, t := range w.template.Tables {
		if len(t.GlobalIndexes) > 0 {
			panic("count the writes to the indexes of " + t.Name)
		}
	}
	return &load{w: w, sizes: map[string]int{}, rates: map[string]*rate{}}
}

func (l *load) at(table, partition string) *rate {
	key := strings.TrimPrefix(table, stackName+"-") + " " + partition
	r := l.rates[key]
	if r == nil {
		r = &rate{}
		l.rates[key] = r
	}
	return r
}

// units are what a number of bytes is paid as.
func units(size, by int) float64 { return max(1, math.Ceil(float64(size)/float64(by))) }

// action is one write of a call.
type action struct {
	TableName string
	Key, Item map[string]attribute
}

func (a action) key() map[string]attribute {
	if a.Item != nil {
		return a.Item
	}
	return a.Key
}

func (a action) id() string {
	k := a.key()
	return a.TableName + "|" + k["pk"].S + "|" + k["sk"].S
}

// wrote counts a write, and keeps what the item is now.
func (l *load) wrote(op string, a action, done bool, times float64) {
	id := a.id()
	before, after := l.sizes[id], l.sizes[id]
	if done {
		switch op {
		case "Put", "PutItem":
			after = sizeOf(a.Item)
		case "Delete", "DeleteItem":
			after = 0
		case "Update", "UpdateItem":
			after = l.stored(a)
		}
		l.sizes[id] = after
	}
	l.at(a.TableName, a.key()["pk"].S).add(0, times*units(max(before, after), 1<<10))
}

// stored asks the stand-in what an item weighs.
func (l *load) stored(a action) int {
	body, err := json.Marshal(map[string]any{"TableName": a.TableName, "ConsistentRead": true,
		"Key": map[string]any{"pk": map[string]string{"S": a.Key["pk"].S}, "sk": map[string]string{"S": a.Key["sk"].S}}})
	check(err)
	var out struct{ Item map[string]attribute }
	check(json.Unmarshal(serve(l.w.db, "DynamoDB_20120810.GetItem", body).body, &out))
	return sizeOf(out.Item)
}

// note counts a call that a stand-in has carried out.
func (l *load) note(q request, answer *reply) {
	if l.over {
		return
	}
	d := q.document
	if d == nil { // a part of a call
		d = &document{}
		check(json.Unmarshal(q.body, d))
	}
	done := answer.status == 200
	half := 1.0
	if q.eventual {
		half = 0.5
	}
	switch q.op {
	case "PutItem", "UpdateItem", "DeleteItem":
		l.wrote(q.op, action{d.TableName, d.Key, d.Item}, done, 1)
	case "TransactWriteItems":
		for _, one := range d.TransactItems {
			for op, a := range one {
				l.wrote(op, a, done, 2)
			}
		}
	case "BatchWriteItem":
		for table, list := range d.RequestItems {
			var writes []struct {
				PutRequest    *struct{ Item map[string]attribute }
				DeleteRequest *struct{ Key map[string]attribute }
			}
			check(json.Unmarshal(list, &writes))
			for _, one := range writes {
				if one.PutRequest != nil {
					l.wrote("Put", action{table, nil, one.PutRequest.Item}, done, 1)
				} else {
					l.wrote("Delete", action{table, one.DeleteRequest.Key, nil}, done, 1)
				}
			}
		}
	case "GetItem":
		l.at(d.TableName, d.Key["pk"].S).add(half*units(l.sizes[action{d.TableName, d.Key, nil}.id()], 4<<10), 0)
	case "BatchGetItem":
		for table, list := range d.RequestItems {
			var keys struct{ Keys []map[string]attribute }
			check(json.Unmarshal(list, &keys))
			for _, k := range keys.Keys {
				l.at(table, k["pk"].S).add(half*units(l.sizes[action{table, k, nil}.id()], 4<<10), 0)
			}
		}
	case "Query":
		l.at(d.TableName, d.partition()).add(l.read, 0)
	}
}

// partition is the partition key of a query, which its condition begins with.
func (d *document) partition() string {
	first, _, _ := strings.Cut(d.KeyConditionExpression, " AND ")
	_, value, _ := strings.Cut(first, "=")
	return d.ExpressionAttributeValues[strings.TrimSpace(value)].S
}

// UnmarshalJSON reads an attribute and weighs it.
func (a *attribute) UnmarshalJSON(body []byte) error {
	var v struct {
		S, N   *string
		B      []byte
		M      map[string]attribute
		L      []attribute
		SS, NS []string
		BS     [][]byte
	}
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	switch {
	case v.S != nil:
		a.S, a.size = *v.S, len(*v.S)
	case v.N != nil:
		a.N, a.size = *v.N, sizeOfNumber(*v.N)
	case v.B != nil:
		a.size = len(v.B)
	case v.M != nil:
		a.size = 3 + len(v.M) + sizeOf(v.M)
	case v.L != nil:
		a.size = 3
		for _, one := range v.L {
			a.size += 1 + one.size
		}
	default: // BOOL and NULL
		a.size = 1
		for _, s := range v.SS {
			a.size += len(s)
		}
		for _, n := range v.NS {
			a.size += sizeOfNumber(n)
		}
		for _, b := range v.BS {
			a.size += len(b)
		}
	}
	return nil
}

// sizeOf is what DynamoDB says that an item weighs: the names of its attributes and their values.
func sizeOf(item map[string]attribute) int {
	n := 0
	for name, a := range item {
		n += len(name) + a.size
	}
	return n
}

// sizeOfNumber is a byte for two significant digits and one more.
func sizeOfNumber(n string) int {
	digits := strings.Trim(strings.ReplaceAll(strings.TrimLeft(n, "-"), ".", ""), "0")
	size := (len(digits)+1)/2 + 1
	if strings.HasPrefix(n, "-") {
		size++
	}
	return size
}

// hottest is the load of a seed: the most events and orders that clients sent in a second, and the partitions that were asked for most.
type hottest struct {
	Events int     `json:"eventsPerSecond"`
	Orders int     `json:"ordersPerSecond"`
	Writes []asked `json:"writeUnitsPerSecond"`
	Reads  []asked `json:"readUnitsPerSecond"`
}

// asked is what a partition was asked for in one second.
type asked struct {
	Partition string  `json:"partition"` // table and key
	Units     float64 `json:"units"`
}

// hottest of the partitions are the first five.
func (l *load) hottest() hottest {
	h := hottest{Events: int(l.events.mostRead), Orders: int(l.orders.mostRead)}
	for key, r := range l.rates {
		h.Writes = append(h.Writes, asked{key, r.mostWrite})
		h.Reads = append(h.Reads, asked{key, r.mostRead})
	}
	return h.top()
}

// top sorts the partitions and keeps the first five.
func (h hottest) top() hottest {
	first := func(list []asked) []asked {
		slices.SortFunc(list, func(a, b asked) int {
			return cmp.Or(cmp.Compare(b.Units, a.Units), cmp.Compare(a.Partition, b.Partition))
		})
		return list[:min(5, len(list))]
	}
	h.Writes, h.Reads = first(h.Writes), first(h.Reads)
	return h
}

// and is the larger of two loads in all that they have.
func (h hottest) and(o hottest) hottest {
	h.Events, h.Orders = max(h.Events, o.Events), max(h.Orders, o.Orders)
	h.Writes, h.Reads = slices.Concat(h.Writes, o.Writes), slices.Concat(h.Reads, o.Reads)
	return h.top()
}

// checkPartitionRate holds that no partition is asked for more than it gives, while the traffic lasts.
func checkPartitionRate(w *world, s *state, broken func(string, string, ...any)) {
	for _, key := range slices.Sorted(maps.Keys(w.load.rates)) {
		r := w.load.rates[key]
		part := float64(partOf)
		table, partition, _ := strings.Cut(key, " ")
		if slices.ContainsFunc(ofOne[table], func(prefix string) bool { return strings.HasPrefix(partition, prefix) }) {
			part = 1
		}
		if part > 1 {
			part /= 1.1 // a tenth of the people is not a tenth in each second
		}
		at := func(second int64) string { return time.Unix(second, 0).UTC().Format(time.RFC3339) }
		if most := mostWriteUnits / part; r.mostWrite > most {
			broken("", "%s was asked for %.0f write units at %s, %.0f are to be had in a second", key, r.mostWrite, at(r.writtenAt), most)
		}
		if most := mostReadUnits / part; r.mostRead > most {
			broken("", "%s was asked for %.0f read units at %s, %.0f are to be had in a second", key, r.mostRead, at(r.readAt), most)
		}
	}
}
