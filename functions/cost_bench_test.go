//go:build unix

package functions

import (
	"fmt"
	"math"
	"os"
	"sort"
	"strings"
	"testing"
	"time"
)

// Public list prices of us-east-1, USD.
const (
	priceRequest    = 1.00e-6      // HTTP API, each 512 KB of a request
	priceInvocation = 0.20e-6      // Lambda
	priceGBSecond   = 0.0000133334 // arm64
	priceQueueCall  = 0.40e-6      // SQS, each 64 KB of a call
	priceWriteUnit  = 0.625e-6     // DynamoDB on demand
	priceReadUnit   = 0.125e-6
	priceLoggedByte = 0.50e-9
)

// platformLog is what Lambda writes for each invocation, unless it is told to write warnings alone.
const platformLog = "START RequestId: 00000000-0000-0000-0000-000000000000 Version: $LATEST\n" +
	"END RequestId: 00000000-0000-0000-0000-000000000000\n" +
	"REPORT RequestId: 00000000-0000-0000-0000-000000000000\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 256 MB\tMax Memory Used: 40 MB\t\n"

// traffic is how many messages a queue gets; it decides how full the receives are. Here on the machine they are as full as it is slow, so they are
// stated: Lambda keeps five pollers at a queue, whose calls take 20 ms when there is a message and wait 20 s for one, and which get what is there.
type traffic struct{ perSecond, perReceive float64 }

const (
	pollers   = 5
	longPoll  = 20 // seconds
	queues    = 10 // half of them for dead letters
	queueUnit = 64 << 10
)

var (
	busy  = traffic{1000, 4}
	quiet = traffic{10, 1}
)

// priceObject is what a call of S3 costs.
func priceObject(action string) float64 {
	switch {
	case action == "GetObject" || action == "HeadObject":
		return priceObjectRead
	case strings.HasPrefix(action, "Delete"):
		return 0
	}
	return priceObjectWrite
}

// live are the write units of the counters of today's figures.
func (s spent) live() (units float64) {
	for _, u := range s.usage {
		if u.Service == "dynamodb" && strings.HasSuffix(u.Resource, "Live") {
			units += u.WriteUnits
		}
	}
	return units
}

// bill is what a measurement costs on AWS, in USD by service.
type bill map[string]float64

// writes are the write units of a function.
func (s spent) writes(function string) (units float64) {
	for _, u := range s.usage {
		if strings.HasSuffix(strings.ToLower(u.Function), "-"+function) {
			units += u.WriteUnits
		}
	}
	return units
}

// priced adds up what was spent on requests and all that followed from them.
func (m *bench) priced(s spent, requests int, at traffic) bill {
	b := bill{"api": float64(requests) * priceRequest}
	for _, u := range s.usage {
		b["dynamodb"] += u.WriteUnits*priceWriteUnit + u.ReadUnits*priceReadUnit
		if u.Action != "ReceiveMessage" {
			b["sqs"] += u.Requests * priceQueueCall
		}
		if u.Service == "s3" {
			b["s3"] += float64(u.Calls) * priceObject(u.Action)
		}
	}
	for _, r := range s.readings {
		b["lambda"] += priceInvocation + r.gigabyteSeconds()*priceGBSecond
		b["logs"] += float64(r.Logged) * priceLoggedByte
		if !m.quiet {
			b["logs"] += float64(len(platformLog)) * priceLoggedByte
		}
	}
	messages, received := 0, 0
	for _, r := range s.readings {
		messages += r.Messages
		received += r.Received
	}
	if messages > 0 {
		receives := float64(messages) / at.perReceive
		units := math.Ceil(float64(received) / receives / queueUnit)
		b["sqs"] += receives * units * priceQueueCall
	}
	b["sqs_empty_receives"] = float64(requests) / at.perSecond * queues * pollers / longPoll * priceQueueCall
	return b
}

func (b bill) sum() float64 {
	sum := 0.0
	for _, usd := range b {
		sum += usd
	}
	return sum
}

func (s spent) units() (read, write float64) {
	for _, u := range s.usage {
		read += u.ReadUnits
		write += u.WriteUnits
	}
	return read, write
}

// mix is a way in which events come in. Everybody is known: has signed in and then sent the same once, twice or three times.
type mix struct {
	name   string
	people int
	send   func(c *crowd, people []device) []request
}

const eventsOfMix = 4000

var mixes = []mix{
	{"device20", eventsOfMix / 20, func(c *crowd, people []device) (out []request) {
		for _, d := range people {
			out = append(out, batch(c.some(d, 20)))
		}
		return out
	}},
	{"device20_orders", eventsOfMix / 20, func(c *crowd, people []device) (out []request) {
		n := 0
		for _, d := range people {
			events := c.some(d, 20)
			for i := range events {
				if n++; n%50 == 0 {
					events[i] = c.order(d, c.clock)
				}
			}
			out = append(out, batch(events))
		}
		return out
	}},
	{"scattered", eventsOfMix, func(c *crowd, people []device) (out []request) {
		for from := 0; from < len(people); from += 20 {
			var events []string
			for _, d := range people[from : from+20] {
				events = append(events, c.some(d, 1)...)
			}
			out = append(out, batch(events))
		}
		return out
	}},
	{"burst_orders", eventsOfMix, orders},
	{"single", eventsOfMix / 5, func(c *crowd, people []device) (out []request) {
		for _, d := range people {
			for _, e := range c.some(d, 5) {
				out = append(out, single(e))
			}
		}
		return out
	}},
}

// orders is one order of each person: what a big promotion's first minutes bring.
func orders(c *crowd, people []device) (out []request) {
	for from := 0; from < len(people); from += 20 {
		var events []string
		for _, d := range people[from:min(from+20, len(people))] {
			events = append(events, c.order(d, time.Now()))
		}
		out = append(out, batch(events))
	}
	return out
}

// BenchmarkAssumptions says in the report what the bills rest on beside what was counted.
func BenchmarkAssumptions(b *testing.B) {
	report(b, map[string]float64{
		"dynamodb_call_ms": tableLatency.Seconds() * 1e3, "dynamodb_scan_page_ms": scanLatency.Seconds() * 1e3, "sqs_call_ms": queueLatency.Seconds() * 1e3,
		"messages_per_s": busy.perSecond, "messages_per_receive": busy.perReceive, "platform_log_bytes_per_invocation": float64(len(platformLog)),
	})
}

// BenchmarkCost tells what a million events cost on AWS, each mix sent through the whole stack by people who are known already.
func BenchmarkCost(b *testing.B) {
	for _, x := range mixes {
		b.Run(x.name, func(b *testing.B) {
			m := newBench(b, true, 8)
			for range b.N {
				x.run(b, m)
			}
		})
	}
}

func (x mix) run(b *testing.B, m *bench) {
	c := newCrowd(uint64(len(x.name)))
	people := make([]device, x.people)
	var known []string
	for i := range people {
		people[i] = c.device(fmt.Sprintf("user-%08d", 1000*i+c.random.IntN(1000)))
		c.some(people[i], 1)
		known = append(known, c.identify(people[i]))
	}
	var first []request
	for from := 0; from < len(known); from += 50 {
		first = append(first, batch(known[from:min(from+50, len(known))]))
	}
	m.post(8, serverKey, first)
	m.idle()
	for round := range 3 {
		m.post(8, serverKey, x.send(c, people[round*len(people)/3/20*20:]))
		m.idle()
	}
	requests := x.send(c, people)
	var sending time.Duration
	s := m.measure(func() {
		began := time.Now()
		m.post(8, serverKey, requests)
		sending = time.Since(began)
	})
	s.projected(b, len(requests))
	x.report(b, m, s, requests, sending)
}

func (x mix) report(b *testing.B, m *bench, s spent, requests []request, sending time.Duration) {
	bytes := 0
	for _, r := range requests {
		bytes += len(r.body)
	}
	read, write := s.units()
	costs, kept := m.priced(s, len(requests), busy), archiveKeeps(b).perEvent()
	costs["archive_files"] = kept * eventsOfMix
	figures := map[string]float64{
		"usd_per_million": costs.sum() / eventsOfMix * 1e6, "usd_per_million_at_10_messages_per_s": (m.priced(s, len(requests), quiet).sum()/eventsOfMix + kept) * 1e6,
		"live_wru_per_event": s.live() / eventsOfMix,
		"wru_per_event":      write / eventsOfMix, "rru_per_event": read / eventsOfMix,
		"bytes_per_event": float64(bytes) / eventsOfMix, "requests_per_s": float64(len(requests)) / sending.Seconds(),
	}
	for service, usd := range costs {
		figures["usd_per_million_"+service] = usd / eventsOfMix * 1e6
	}
	report(b, figures)
	s.explain(x.name)
}

// explain tells of every function and call on standard error, when tests are to talk (-v).
func (s spent) explain(name string) {
	if !testing.Verbose() {
		return
	}
	sums := map[string]*reading{}
	count, billed, gigabyteSeconds := map[string]float64{}, map[string]float64{}, map[string]float64{}
	for _, r := range s.readings {
		if sums[r.Function] == nil {
			sums[r.Function] = &reading{}
		}
		sums[r.Function].CPU += r.CPU
		sums[r.Function].Calls += r.Calls
		sums[r.Function].Logged += r.Logged
		count[r.Function]++
		billed[r.Function] += float64(r.billed().Milliseconds())
		gigabyteSeconds[r.Function] += r.gigabyteSeconds()
	}
	var lines []string
	for f, sum := range sums {
		n := count[f]
		lines = append(lines, fmt.Sprintf("%s: %g invocations, each %.1f calls, %.2f ms CPU, %.1f ms billed, %.4f GB-s, %.0f bytes logged",
			f, n, float64(sum.Calls)/n, sum.CPU.Seconds()*1e3/n, billed[f]/n, gigabyteSeconds[f]/n, float64(sum.Logged)/n))
	}
	for _, u := range s.usage {
		lines = append(lines, fmt.Sprintf("%s %s %s %s: %d calls, %g read, %g write units, %g requests", u.Function, u.Action, u.Resource, u.Error, u.Calls, u.ReadUnits, u.WriteUnits, u.Requests))
	}
	sort.Strings(lines)
	fmt.Fprintf(os.Stderr, "%s, in %.1f s\n  %s\n", name, s.took.Seconds(), strings.Join(lines, "\n  "))
}
