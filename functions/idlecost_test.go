//go:build unix

package functions

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/local"
)

// Public list prices of us-east-1 beside those of requests.
const (
	priceAlarmMetric = 0.10 // a month, each metric that an alarm looks at
	priceSchedule    = 1.00e-6
	priceObjectWrite = 5.00e-6 // of S3, and a list
	priceObjectRead  = 0.40e-6

	month = 30 * 24 * time.Hour
	// freeReceives and freeAlarmMetrics are what an account has each month without paying; its other stacks share in it. Of invocations of schedules it has 14 million.
	freeReceives, freeAlarmMetrics, freeSchedules = 1_000_000, 10, 14_000_000
)

// TestIdleCost holds the README to what a stack costs a month in which nobody calls it, derived from the template: the receives that find nothing, the
// alarms, and what the schedules start, as the stand-ins meter it.
func TestIdleCost(t *testing.T) {
	template := parse(t)
	mappings, started := 0, map[string]float64{} // invocations a month, by input and function
	for _, f := range template.Functions {
		for _, m := range f.Mappings {
			mappings++
			if m.MaximumConcurrency == 0 {
				// Lambda goes down to two pollers at such a queue.
				t.Errorf("%s has no maximum concurrency on %s: count its receives another way", f.LogicalID, m.Queue)
			}
		}
		for _, s := range f.Schedules {
			every := 24 * time.Hour
			if s.Expression == "rate(1 minute)" {
				every = time.Minute
			} else if s.Expression == "rate(10 minutes)" {
				every = 10 * time.Minute
			} else if !strings.HasPrefix(s.Expression, "cron(0 3 * * ") {
				t.Errorf("how often is %s?", s.Expression)
			}
			started[f.Folder+" "+s.Input] = float64(month / every)
		}
	}
	for _, q := range template.Queues {
		if q.Attributes["ReceiveMessageWaitTimeSeconds"] != fmt.Sprint(longPoll) {
			t.Errorf("%s is not polled for %d s", q.LogicalID, longPoll)
		}
	}
	receives := float64(mappings*pollers) * month.Seconds() / longPoll
	alarmMetrics := 0
	for _, r := range resourcesOf[struct {
		Type       string `yaml:"Type"`
		Condition  string `yaml:"Condition"`
		Properties struct {
			Metrics []struct {
				MetricStat map[string]any `yaml:"MetricStat"`
			} `yaml:"Metrics"`
		} `yaml:"Properties"`
	}](t) {
		if r.Type != "AWS::CloudWatch::Alarm" || r.Condition != "" {
			continue
		}
		if len(r.Properties.Metrics) == 0 {
			alarmMetrics++
		}
		for _, m := range r.Properties.Metrics {
			if m.MetricStat != nil {
				alarmMetrics++
			}
		}
	}
	machine, memory := outside(t, t.TempDir()), map[string]int{}
	for _, f := range template.Functions {
		memory[f.Folder] = f.MemoryMB
	}
	invocations, work := 0.0, 0.0
	for what, times := range started {
		function, input, _ := strings.Cut(what, " ")
		calls, units := idleWork(t, machine, function, input)
		seconds := (time.Duration(calls)*tableLatency + 10*time.Millisecond).Seconds() // calls one after another, and the processor's time
		invocations += times
		work += times * (priceInvocation + seconds*float64(memory[function])/1024*priceGBSecond + units)
	}
	polling, alarms := receives*priceQueueCall, float64(alarmMetrics)*priceAlarmMetric
	total := polling + alarms + work + invocations*priceSchedule
	less := max(0, receives-freeReceives)*priceQueueCall + float64(max(0, alarmMetrics-freeAlarmMetrics))*priceAlarmMetric + work + max(0, invocations-freeSchedules)*priceSchedule
	t.Logf("%.0f receives %.2f USD, %d metrics of alarms %.2f USD, %.0f invocations %.2f USD, schedules %.2f USD; %.2f, with what an account has free %.2f", receives, polling, alarmMetrics, alarms,
		invocations, work, invocations*priceSchedule, total, less)
	for file, want := range map[string]string{
		"README.md": fmt.Sprintf("A stack that nobody calls costs %.2f USD a month: %.2f for %.1f million receives that find nothing (five pollers at each of %d queues), %.2f for %d metrics that alarms look at, "+
			"%.2f for what schedules start; %.2f of it where the account's free allowances are not used up", total, polling, receives/1e6, mappings, alarms, alarmMetrics, total-polling-alarms, less),
		"README.zh-CN.md": fmt.Sprintf("没有任何调用的堆栈每月 %.2f 美元：%.2f 美元是 %.0f 万次空轮询（%d 个队列各有五个轮询者），%.2f 美元是告警关注的 %d 个指标，%.2f 美元是定时器启动的工作；账户的免费额度没有用完时为 %.2f 美元", total,
			polling, math.Round(receives/1e5)*10, mappings, alarms, alarmMetrics, total-polling-alarms, less),
	} {
		text, err := os.ReadFile(filepath.Join("..", file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want) {
			t.Errorf("%s does not say: %s", file, want)
		}
	}
}

// idleWork is what one invocation of a schedule calls when there is nothing to do, and what that costs.
func idleWork(t *testing.T, m *machine, function, input string) (calls int, usd float64) {
	t.Helper()
	var alone local.Alone
	for range 2 { // the first one catches up with what was before the stack
		var err error
		if alone, err = m.stack.InvokeAlone(t.Context(), function, []byte(input)); err != nil || alone.Failed {
			t.Fatalf("%s %s: %v, %s", function, input, err, alone.Answer)
		}
	}
	queries, queried := 0, 0.0
	for _, c := range alone.Calls {
		units := c.Requests*priceQueueCall + c.ReadUnits*priceReadUnit + c.WriteUnits*priceWriteUnit
		switch {
		case c.Service == "s3" && c.Action == "GetObject":
			units += priceObjectRead
		case c.Service == "s3":
			units += priceObjectWrite
		}
		if calls, usd = calls+1, usd+units; c.Action == "Query" && strings.HasSuffix(c.Resource, "Due") {
			queries, queried = queries+1, queried+units
		}
	}
	if !strings.Contains(input, "minute") {
		return calls, usd
	}
	// Each time it looks at a new minute and the three before it again; here the new one may not have begun.
	again, all := 3*key.DueShards, 4*key.DueShards
	if queries != again && queries != all {
		t.Fatalf("%s looked at %d partitions of what is due, want %d or %d", function, queries, again, all)
	}
	return calls - queries + all, usd - queried + queried*float64(all)/float64(queries)
}
