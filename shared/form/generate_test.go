package form

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/definition/schema"
)

// fitting are values of a type, in forms that programs and people write; what no type expects is among odds.
var fitting = map[schema.Type][]string{
	schema.Text: {`"a"`, `""`, `" a "`, `"a\nb"`, `"<b>&amp;\u0022"`, `"\u0041"`, `"中文"`}, schema.Secret: {`"secret-of-it"`}, schema.Lines: {`"a\nb"`, `"a\r\nb\r"`, `"\n"`, `"\n a"`, `"a"`},
	schema.Liquid: {`"{{ profile.name }}\n"`, `"\n\n<p>a</p>"`, `"a\r\n"`}, schema.Choice: {`"email"`, `"running"`, `"fax"`, `""`, `"any"`}, schema.Reference: {`"welcome"`, `"gone"`, `"class8:111"`, `""`},
	schema.Span: {`"36h"`, `"1d12h"`, `"90m"`, `"1.5h"`, `"0s"`, `"soon"`}, schema.Moment: {`"2036-11-27T02:00:00Z"`, `"2036-11-27T10:00:00+08:00"`, `"2036-11-27T02:00:30.25Z"`, `"now"`}, schema.Clock: {`"21:30"`, `"9:00"`},
	schema.Whole: {`5`, `0`, `-1`, `1e3`, `12345678901234567890`}, schema.Decimal: {`0.5`, `0.50`, `1e-3`, `7`, `0`}, schema.Percent: {`0.5`, `0.125`, `0.10`, `1`, `0`, `1e-1`, `0.3333333`, `-0.5`, `0e3`},
	schema.Minor: {`50000`, `1`, `0`, `5e2`}, schema.Flag: {`true`, `false`}, schema.Money: {`{"amount":50000,"currency":"CNY"}`, `{"currency":"JPY","amount":5}`, `{"amount":1,"currency":"cny"}`, `{"amount":1.5,"currency":"CNY"}`, `{"amount":1}`},
	schema.Quantity: {`{"points":500}`, `{"voucher":{"amount":500,"currency":"CNY"}}`, `{"voucher":{"amount":500,"currency":"USD"}}`, `{"points":5e2}`, `{"water":1}`, `{}`},
	schema.Value:    {`"a"`, `7`, `true`, `["a","b"]`, `[1,2.0]`, `["a",1]`, `[]`, `{"a":1}`, `[" a"]`, `""`}, schema.Payload: {`"{\"a\":1}"`, `{"a":"{{ x }}"}`, `[1, 2]`, `"a"`},
	schema.JSON: {`{"a":[1]}`, `7`}, schema.Rule: {
		`{"field":"orders.revenue90","op":"gt","value":{"money":"500.00"}}`, `{"field":"orders.revenue","op":"in","value":[300000,{"money":"5","currency":"CNY"}]}`, `{"all":[{"field":"city","op":"in","value":["b","a"]},{"not":{"field":"known","op":"exists"}}]}`,
		`{"not":{"any":[{"segment":"a"},{"notSegment":"class8:111"},{"percent":{"seed":"s","from":0.50,"to":10}}]}}`, `{"not":{"all":[]}}`, `{"not":{"not":{"segment":"a"}}}`, `{"performed":{"event":"E","atLeast":3,"withinDays":30}}`,
		`{"performed":{"event":"E","where":[{"field":"properties.category","op":"eq","value":"tea"},{"field":"properties.n","op":"between","value":[1,2.50]},{"field":"properties.s","op":"eq","value":"12"},{"field":"source","op":"exists"}],"between":["2026-11-01","2026-11-11"]}}`,
		`{"performed":{"event":"E","before":"2026-11-01","sum":{"field":"properties.total","atLeast":{"money":"500.00"},"atMost":{"money":"900"}},"only":"last"}}`, `{"performed":{"event":"E","since":"2026-11-01","sum":{"field":"properties.n","atMost":3},"thenNot":{"event":"F","within":"3d"}}}`,
		`{"performed":{"event":"E","sum":{"field":"properties.n","atLeast":1,"atMost":{"money":"9"}}}}`, `{"performed":{"event":"E","then":{"event":"F","within":"3d","where":[]}}}`, `{"performed":{"event":"E","since":"x","before":"2026-11-01"}}`,
		`{"field":"traits.a.b","op":"eq","value":true}`, `{"field":"events.Order Completed.lastAt","op":"within","days":7}`, `{"field":"lastSeen","op":"before","value":"2026-11-21"}`, `{"field":"lastSeen","op":"after","value":"2026-11-21T08:00:00Z"}`,
		`{"field":"segment11","op":"in","value":["lost","champions"]}`, `{"field":"traits.n","op":"in","value":[2,1]}`, `{"field":"orders.count","op":"between","value":[1,3]}`, `{"field":"orders.lastAt","op":"between","value":["2026-11-01","2026-11-30"]}`, `{"field":"orders.lastAt","op":"olderThan","days":30}`, `{"field":"tags","op":"hasAll","value":["a","b"]}`, `{"field":"city","op":"notIn","value":["b"]}`, `{"field":"city","op":"matches","value":"^杭"}`, `{"field":"orders.revenue","op":"between","value":[{"money":"5.00"},{"money":"9.00"}]}`, `{"field":"traits.n","op":"hasAll","value":["x"]}`, `{"field":"traits.d","op":"inNext","days":3}`, `{"field":"later.field","op":"eq","value":1}`, `{"field":"city","op":"eq","value":1,"x":2}`, `{"all":[1,{"any":[]}]}`, `{"field":"tags","op":"contains","value":"a\nb"}`,
	},
}

// odds are values that may stand anywhere.
var odds = []string{`null`, `7`, `"x"`, `[]`, `{}`, `[null]`, `{"later":{"a":[1.0]}}`, `true`}

type generator struct{ *rand.Rand }

func (g generator) of(all []string) string { return all[g.IntN(len(all))] }

// value is a value of a field, now and then one that is none.
func (g generator) value(f *schema.Field, depth int) string {
	if g.IntN(12) == 0 || depth > 6 {
		return g.of(odds)
	}
	switch f.Type {
	case schema.Object:
		return g.object(f, depth)
	case schema.List, schema.Array:
		var all []string
		n := g.IntN(4)
		if f.Type == schema.Array {
			n = f.Size
		}
		for range n {
			all = append(all, g.value(f.Of, depth+1))
		}
		return "[" + strings.Join(all, ",") + "]"
	case schema.Map:
		var all []string
		for i := range g.IntN(3) {
			all = append(all, fmt.Sprintf("%q:%s", []string{"default", "zh-CN", "a.b[0]"}[i], g.value(f.Of, depth+1)))
		}
		return "{" + strings.Join(all, ",") + "}"
	}
	return g.of(fitting[f.Type])
}

func (g generator) object(f *schema.Field, depth int) string {
	var all []string
	for _, part := range f.Parts {
		if g.IntN(3) > 0 {
			all = append(all, fmt.Sprintf("%q:%s", part.Name, g.value(part, depth+1)))
		}
	}
	if g.IntN(4) == 0 {
		all = append(all, `"later":`+g.of(odds))
	}
	g.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return "{" + strings.Join(all, ",") + "}"
}

// TestWhatIsGeneratedComesBack makes documents of every kind by its schema, with values in every form and some that are none.
func TestWhatIsGeneratedComesBack(t *testing.T) {
	for at, f := range schemas() {
		g := generator{rand.New(rand.NewPCG(7, uint64(len(at))))}
		for range 60 {
			body := g.object(f, 0)
			if got, _ := through(t, f, body); !isSame(t, got, body) {
				t.Errorf("%s\n%s became\n%s", at, body, got)
			}
		}
	}
	for kind := range controls {
		if kind != schema.Object && kind != schema.List && kind != schema.Map && kind != schema.Array && len(fitting[kind]) == 0 {
			t.Errorf("no value of %s is generated", kind)
		}
	}
}
