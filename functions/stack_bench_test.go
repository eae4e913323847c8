//go:build unix

package functions

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"testing"
	"time"
)

// crowdOf are people with their first event sent.
func (m *bench) crowdOf(c *crowd, n int, first func(d device) []string) []device {
	m.b.Helper()
	people := make([]device, n)
	var requests []request
	var events []string
	for i := range people {
		people[i] = c.device(fmt.Sprintf("user-%08d", i))
		c.clock = time.Now().Add(-10 * pause)
		if events = append(events, first(people[i])...); len(events) >= 50 || i == n-1 {
			requests = append(requests, batch(events))
			events = nil
		}
	}
	// So many at once that what waits is done within the patience of idle, however many there are.
	for portion := range slices.Chunk(requests, 500) {
		m.post(8, serverKey, portion)
		m.idle()
	}
	return people
}

// BenchmarkStack sends device batches of 20 through the whole stack on this machine, as fast as it takes them, and waits until every event is in
// its profile. This program plays the clients, the gateway and the stand-ins.
func BenchmarkStack(b *testing.B) {
	const people, batches = 1000, 4
	m := newBench(b, false, 4)
	c := newCrowd(1)
	crowd := m.crowdOf(c, people, func(d device) []string { return []string{c.identify(d)} })
	send := func(n int) []request {
		var out []request
		for range n {
			for _, d := range crowd {
				out = append(out, batch(c.some(d, 20)))
			}
		}
		return out
	}
	m.post(8, serverKey, send(1))
	m.idle()
	for range b.N {
		requests := send(batches)
		own := cpuTime()
		s := m.measure(func() { m.post(8, serverKey, requests) })
		own = cpuTime() - own
		s.projected(b, len(requests))
		const events = people * batches * 20
		us := func(d time.Duration) float64 { return float64(d.Microseconds()) / events }
		report(b, map[string]float64{
			"events_per_s": events / s.took.Seconds(), "ingest_cpu_us_per_event": us(s.cpu("ingest")), "projection_cpu_us_per_event": us(s.cpu("projection")),
			"machine_cpu_us_per_event": us(own), "events_per_s_by_cpu": float64(runtime.NumCPU()) * events / (own + s.cpu("")).Seconds(),
		})
		s.explain("stack")
	}
}

// BenchmarkBurst sends orders, each of another person, through the whole stack as fast as it takes them, and waits until every one is in its
// profile and what follows is done. They are so many that the seconds for which two queues wait for a full batch at the end are a small part.
func BenchmarkBurst(b *testing.B) {
	const people = 16_000
	m := newBench(b, false, 4)
	c := newCrowd(3)
	crowd := m.crowdOf(c, people, func(d device) []string { return []string{c.identify(d)} })
	m.post(8, serverKey, orders(c, crowd[:1000]))
	m.idle()
	for range b.N {
		requests := orders(c, crowd)
		own := cpuTime()
		s := m.measure(func() { m.post(8, serverKey, requests) })
		own = cpuTime() - own
		s.projected(b, len(requests))
		figures := map[string]float64{"stack.orders_per_s": people / s.took.Seconds(), "machine_cpu_us_per_event": float64(own.Microseconds()) / people}
		for _, function := range []string{"ingest", "projection", "settlement", "orchestration"} {
			figures[function+"_cpu_us_per_event"] = float64(s.cpu(function).Microseconds()) / people
		}
		report(b, figures)
		s.explain("burst")
	}
}

// BenchmarkNotifications sends an event that a campaign answers with a mail, and waits until every mail is in the inbox.
func BenchmarkNotifications(b *testing.B) {
	const people = 1000
	m := newBench(b, false, 4)
	m.put("/v1/templates/thanks", `{"name":"Thanks","channel":"email","locales":{"default":{"subject":"Thank you, {{ profile.name | default: 'friend' }}","text":"You asked for {{ event.properties.plan }}. Stop: {{ unsubscribeUrl }}"}}}`)
	m.put("/v1/campaigns/welcome", `{"name":"Welcome","state":"running","channel":"email","templateId":"thanks","trigger":{"event":{"name":"Signed Up"}}}`)
	m.put("/v1/settings/messaging", `{"caps":[]}`)
	c := newCrowd(2)
	crowd := m.crowdOf(c, people, func(d device) []string {
		return []string{c.identify(d), c.write(d, c.tick(), "track", "event", "Consent Granted", `"channel":"email"`)}
	})
	sent := m.mails()
	for range b.N {
		var requests []request
		for _, d := range crowd {
			requests = append(requests, single(c.write(d, stamp(time.Now()), "track", "event", "Signed Up", `"plan":"tea of the month"`)))
		}
		s := m.measure(func() { m.post(8, serverKey, requests) })
		if sent += people; m.mails() != sent {
			b.Fatalf("%d mails are in the inbox, want %d", m.mails(), sent)
		}
		report(b, map[string]float64{
			"dispatch.wru_per_notification": s.writes("dispatch") / people,
			"stack.notifications_per_s":     people / s.took.Seconds(), "dispatch.cpu_us_per_notification": float64(s.cpu("dispatch").Microseconds()) / people,
			"orchestration.cpu_us_per_notification": float64(s.cpu("orchestration").Microseconds()) / people,
		})
		s.explain("notifications")
	}
}

// mails counts what the inbox holds.
func (m *bench) mails() int {
	m.b.Helper()
	answer, err := m.client.Get(m.stack.Addresses().Gateway + "/local/inbox.json")
	if err != nil {
		m.b.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		m.b.Fatalf("asking the inbox: %d %v", answer.StatusCode, err)
	}
	var all []json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		m.b.Fatal(err)
	}
	return len(all)
}
