package dynamodb

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func enableTTL(t *testing.T, e *Engine, table string) {
	t.Helper()
	exchangeCase{"UpdateTimeToLive", `{"TableName":"` + table + `","TimeToLiveSpecification":{"AttributeName":"exp","Enabled":true}}`,
		`{"TimeToLiveSpecification":{"AttributeName":"exp","Enabled":true}}`}.run(t, e)
}

func TestTimeToLiveSetting(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	set := func(attr string, on bool) string {
		return fmt.Sprintf(`{"TableName":"tab","TimeToLiveSpecification":{"AttributeName":%q,"Enabled":%v}}`, attr, on)
	}
	runAll(t, e, []exchangeCase{
		{"DescribeTimeToLive", `{"TableName":"tab"}`, `{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}}`},
		{"UpdateTimeToLive", set("exp", false), "!ValidationException: TimeToLive is already disabled"},
		{"UpdateTimeToLive", set("exp", true), ""},
		{"UpdateTimeToLive", set("exp", true), "!ValidationException: TimeToLive is already enabled"},
		{"UpdateTimeToLive", set("other", true), "!ValidationException: TimeToLive is active on a different AttributeName: current AttributeName is exp"},
		{"DescribeTimeToLive", `{"TableName":"tab"}`, `{"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"exp"}}`},
		{"UpdateTimeToLive", set("exp", false), ""},
		{"DescribeTimeToLive", `{"TableName":"tab"}`, `{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}}`},
		{"UpdateTimeToLive", `{"TableName":"tab"}`, "!ValidationException"},
		{"UpdateTimeToLive", `{"TableName":"none","TimeToLiveSpecification":{"AttributeName":"exp","Enabled":true}}`, "!ResourceNotFoundException: Requested resource not found: Table: none not found"},
	})
}

func TestItemsExpire(t *testing.T) {
	for _, c := range []struct {
		name string
		lag  time.Duration // as an option
		real time.Duration // as it works
	}{
		{"by default after 48 hours", 0, 48 * time.Hour},
		{"after a lag", time.Minute, time.Minute},
		{"at once", -1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := newClock()
			e := openEngine(t, Options{Clock: clock.Now, TTLLag: c.lag})
			create(t, e, tableBody("tab", "pk:S", "gsi g:S ALL"))
			enableTTL(t, e, "tab")
			exp := clock.Now().Add(time.Hour).Unix()
			put(t, e, "tab", fmt.Sprintf(`{"pk":{"S":"k"},"g":{"S":"g"},"exp":{"N":"%d"}}`, exp))
			visible := func(want bool) {
				t.Helper()
				for _, action := range []string{
					`GetItem {"TableName":"tab","Key":{"pk":{"S":"k"}}}`,
					`Query {"TableName":"tab","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"k"}}}`,
					`Query {"TableName":"tab","IndexName":"gsi","KeyConditionExpression":"g = :p","ExpressionAttributeValues":{":p":{"S":"g"}}}`,
					`Scan {"TableName":"tab"}`,
					`BatchGetItem {"RequestItems":{"tab":{"Keys":[{"pk":{"S":"k"}}]}}}`,
					`TransactGetItems {"TransactItems":[{"Get":{"TableName":"tab","Key":{"pk":{"S":"k"}}}}]}`,
				} {
					op, body, _ := strings.Cut(action, " ")
					if _, got := send(e, op, body); strings.Contains(got, `"exp"`) != want {
						t.Errorf("%s gives %s, visible should be %v", op, got, want)
					}
				}
			}
			clock.step(time.Hour + c.real - time.Second)
			e.sweep()
			visible(true)
			clock.step(time.Second)
			visible(false)
			runAll(t, e, []exchangeCase{
				{"DeleteItem", `{"TableName":"tab","Key":{"pk":{"S":"k"}},"ConditionExpression":"attribute_exists(pk)"}`, "!ConditionalCheckFailedException"},
				{"UpdateItem", `{"TableName":"tab","Key":{"pk":{"S":"k"}},"UpdateExpression":"ADD n :one","ExpressionAttributeValues":{":one":{"N":"1"}},"ReturnValues":"ALL_NEW"}`, `{"Attributes":{"pk":{"S":"k"},"n":{"N":"1"}}}`},
				{"Scan", `{"TableName":"tab","IndexName":"gsi"}`, `{"Items":[],"Count":0,"ScannedCount":0}`},
			})
		})
	}
}

func TestWhatDoesNotExpire(t *testing.T) {
	clock := newClock()
	e := openEngine(t, Options{Clock: clock.Now, TTLLag: -1})
	create(t, e, tableBody("tab", "pk:S"))
	enableTTL(t, e, "tab")
	past := clock.Now().Unix()
	for _, c := range []struct {
		name, exp string
		visible   bool
	}{
		{"now", fmt.Sprintf(`{"N":"%d"}`, past), false},
		{"a second ahead", fmt.Sprintf(`{"N":"%d"}`, past+1), true},
		{"a string", fmt.Sprintf(`{"S":"%d"}`, past), true},
		{"a fraction", fmt.Sprintf(`{"N":"%d.5"}`, past-9), true},
		{"milliseconds", fmt.Sprintf(`{"N":"%d"}`, clock.Now().UnixMilli()), true},
		{"just within five years", fmt.Sprintf(`{"N":"%d"}`, past-int64(expiryHorizon/time.Second)), false},
		{"more than five years ago", fmt.Sprintf(`{"N":"%d"}`, past-int64(expiryHorizon/time.Second)-1), true},
		{"zero", `{"N":"0"}`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			put(t, e, "tab", `{"pk":{"S":"k"},"exp":`+c.exp+`}`)
			if _, got := send(e, "GetItem", `{"TableName":"tab","Key":{"pk":{"S":"k"}}}`); strings.Contains(got, "exp") != c.visible {
				t.Errorf("%s: visible should be %v, got %s", c.exp, c.visible, got)
			}
		})
	}
}

func TestSweepTakesExpiredItemsOut(t *testing.T) {
	clock := newClock()
	e := openEngine(t, Options{Clock: clock.Now, TTLLag: -1})
	create(t, e, tableBody("tab", "pk:S", "gsi g:S ALL"))
	enableTTL(t, e, "tab")
	const items = sweepDeletes + 100
	for i := range items {
		put(t, e, "tab", fmt.Sprintf(`{"pk":{"S":"%d"},"g":{"S":"g"},"exp":{"N":"%d"}}`, i, clock.Now().Add(time.Duration(i%2)*time.Hour).Unix()))
	}
	stored := func() (items, entries int) {
		count := func(bucket []byte) (n int) {
			_ = e.store.view(func() error { return e.store.bucket(bucket).ForEach(func(_, _ []byte) error { n++; return nil }) })
			return n
		}
		tab := e.table("tab")
		return count(tab.bucket), count(tab.indexes[0].bucket)
	}
	e.sweep()
	if n, x := stored(); n != items/2 || x != items/2 {
		t.Errorf("after one hour's items %d items and %d index entries are stored, want %d", n, x, items/2)
	}
	clock.step(time.Hour)
	for range 3 { // it may stand in the middle of the table
		e.sweep()
	}
	if n, x := stored(); n != 0 || x != 0 {
		t.Errorf("in the end %d items and %d index entries are stored", n, x)
	}
}
