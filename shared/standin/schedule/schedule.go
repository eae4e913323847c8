// Package schedule fires schedules as EventBridge Scheduler (and, in its simple form, an EventBridge rule) does: rate(), cron() in AWS's
// dialect and at(), in time zones with their clock changes, with retries and dead letters.
//
// It has no clock of its own: Tick is told the time, so a test steps it and a program calls it every second. The surprising thing: like
// the service, it hands an event to the function's asynchronous queue and is done. A function that returns an error is retried by its own
// asynchronous settings; the schedule's retry policy is for deliveries that were not even taken.
package schedule

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/userops/userops/shared/standin/sam"
)

// Target takes events for functions: see lambda.Host.Enqueue.
type Target interface {
	Enqueue(function string, payload []byte) error
}

// Options are the settings of a Scheduler.
type Options struct {
	Region     string
	AccountID  string
	Target     Target
	DeadLetter func(queueARN string, attributes map[string]string, payload []byte) error // takes events that were given up; may be nil
	Log        func(string)                                                              // hears of failures; may be nil
}

// Scheduler holds schedules and what is owed of them.
type Scheduler struct {
	o Options

	mu      sync.Mutex
	entries []*entry
	retries []retry
}

type entry struct {
	schedule   sam.Schedule
	function   string
	expression Expression
	origin     time.Time
	next       time.Time
}

type retry struct {
	entry    *entry
	due      time.Time
	at       time.Time
	attempts int
	id       string
}

// New makes a scheduler without schedules.
func New(o Options) *Scheduler {
	if o.Log == nil {
		o.Log = func(string) {}
	}
	return &Scheduler{o: o}
}

// Add takes a schedule for a function from now on. Origin is when it was first made: a rate counts from there.
func (s *Scheduler) Add(schedule sam.Schedule, function string, origin, now time.Time) error {
	e, err := Parse(schedule.Expression, schedule.Timezone)
	if err != nil {
		return err
	}
	if schedule.Start.After(origin) {
		origin = schedule.Start
	}
	if !schedule.Enabled {
		return nil
	}
	added := &entry{schedule: schedule, function: function, expression: e, origin: origin}
	added.next = added.after(now.Add(-time.Nanosecond))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append(s.entries, added)
	return nil
}

func (e *entry) after(t time.Time) time.Time {
	if e.schedule.Start.After(t) {
		t = e.schedule.Start.Add(-time.Nanosecond)
	}
	next := e.expression.Next(t, e.origin)
	if !e.schedule.End.IsZero() && next.After(e.schedule.End) {
		return time.Time{}
	}
	return next
}

// Next lists when each schedule is due, by name.
func (s *Scheduler) Next() map[string]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]time.Time{}
	for _, e := range s.entries {
		out[e.schedule.Name] = e.next
	}
	return out
}

// maxCatchUp bounds what one Tick fires of one schedule, for a clock that was moved far.
const maxCatchUp = 10_000

// Tick fires everything that is due by now, in the order of the times of each schedule, and says how many events it handed over. A clock
// that was moved fires what lay between.
func (s *Scheduler) Tick(now time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	fired := 0
	owed := s.retries
	s.retries = nil
	for _, r := range owed {
		if r.due.After(now) {
			s.retries = append(s.retries, r)
			continue
		}
		fired += s.deliver(r, now)
	}
	for _, e := range s.entries {
		for range maxCatchUp {
			if e.next.IsZero() || e.next.After(now) {
				break
			}
			fired += s.deliver(retry{entry: e, at: e.next, id: requestID()}, now)
			e.next = e.after(e.next)
		}
	}
	return fired
}

func (s *Scheduler) deliver(r retry, now time.Time) int {
	e := r.entry
	r.attempts++
	payload := s.payload(r)
	err := s.o.Target.Enqueue(e.function, payload)
	if err == nil {
		return 1
	}
	// Retried with a wait that doubles from a second to five minutes.
	wait := min(time.Second<<min(r.attempts-1, 12), 5*time.Minute)
	reason := ""
	switch {
	case r.attempts > e.schedule.MaximumRetries:
		reason = "MaximumRetryAttempts"
	case now.Add(wait).Sub(r.at) > e.schedule.MaximumEventAge:
		reason = "MaximumEventAgeInSeconds"
	default:
		r.due = now.Add(wait)
		s.retries = append(s.retries, r)
		return 0
	}
	s.o.Log(fmt.Sprintf("schedule %s was given up after %d attempts: %v", e.schedule.Name, r.attempts, err))
	if e.schedule.DeadLetterARN != "" && s.o.DeadLetter != nil {
		err = s.o.DeadLetter(e.schedule.DeadLetterARN, map[string]string{
			"ERROR_CODE": "INTERNAL_ERROR", "ERROR_MESSAGE": err.Error(), "EXHAUSTED_RETRY_CONDITION": reason,
			"SCHEDULED_TIME": r.at.UTC().Format(time.RFC3339), "SCHEDULE_ARN": s.arn(e), "TARGET_ARN": s.functionARN(e), "RETRY_ATTEMPTS": fmt.Sprint(r.attempts - 1),
		}, payload)
		if err != nil {
			s.o.Log(fmt.Sprintf("sending the dead letter of schedule %s: %v", e.schedule.Name, err))
		}
	}
	return 0
}

func (s *Scheduler) arn(e *entry) string {
	if e.schedule.Rule {
		return fmt.Sprintf("arn:aws:events:%s:%s:rule/%s", s.o.Region, s.o.AccountID, e.schedule.Name)
	}
	return fmt.Sprintf("arn:aws:scheduler:%s:%s:schedule/%s/%s", s.o.Region, s.o.AccountID, e.schedule.Group, e.schedule.Name)
}

func (s *Scheduler) functionARN(e *entry) string {
	return fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", s.o.Region, s.o.AccountID, e.function)
}

// payload is the schedule's Input with its context attributes filled in, or the event that the service sends when there is none.
func (s *Scheduler) payload(r retry) []byte {
	e := r.entry
	at := r.at.UTC().Format(time.RFC3339)
	if e.schedule.Input != "" {
		if e.schedule.Rule {
			return []byte(e.schedule.Input)
		}
		return []byte(strings.NewReplacer(
			"<aws.scheduler.schedule-arn>", s.arn(e), "<aws.scheduler.scheduled-time>", at,
			"<aws.scheduler.execution-id>", r.id, "<aws.scheduler.attempt-number>", fmt.Sprint(r.attempts)).Replace(e.schedule.Input))
	}
	event := map[string]any{
		"version": "0", "id": r.id, "detail-type": "Scheduled Event", "source": "aws.scheduler", "account": s.o.AccountID, "time": at, "region": s.o.Region,
		"resources": []string{s.arn(e)}, "detail": "{}",
	}
	if e.schedule.Rule {
		event["source"], event["detail"] = "aws.events", map[string]any{}
	}
	out, err := json.Marshal(event)
	if err != nil {
		return []byte("{}")
	}
	return out
}

func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}
