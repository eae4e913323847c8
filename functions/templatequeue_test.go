package functions

import (
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/standin/sam"
)

func TestQueues(t *testing.T) {
	parsed := parse(t)
	timeout := map[string]time.Duration{}
	for _, f := range parsed.Functions {
		for _, m := range f.Mappings {
			timeout[m.Queue] = f.Timeout
			if !m.PartialFailures {
				t.Errorf("%s does not report partial failures of %s", f.LogicalID, m.Queue)
			}
			if m.MaximumConcurrency == 0 {
				t.Errorf("%s has no maximum concurrency on %s", f.LogicalID, m.Queue)
			}
		}
	}
	consumed, dead := 0, map[string]bool{}
	for _, q := range parsed.Queues {
		if q.DeadLetter != "" {
			dead[q.DeadLetter] = true
		}
	}
	for _, q := range parsed.Queues {
		limit, has := timeout[q.Name]
		if !has {
			t.Errorf("nobody reads %s", q.LogicalID)
			continue
		}
		consumed++
		if dead[q.Name] {
			// Its letters wait until they are kept, however often that fails.
			if q.DeadLetterARN != "" || q.Visibility < 6*limit || q.Attributes["MessageRetentionPeriod"] != "1209600" {
				t.Errorf("%s: %+v", q.LogicalID, q)
			}
			continue
		}
		if q.Visibility < 6*limit {
			t.Errorf("%s: visibility %v is below six times the timeout %v", q.LogicalID, q.Visibility, limit)
		}
		if q.DeadLetterARN == "" {
			t.Errorf("%s has no dead-letter queue", q.LogicalID)
		}
		// What queue.AwayDelay spreads over more than a day, and behind which queue.Tell says why a job failed.
		if q.MaxReceives != 10 || queue.LastReceive != 10 {
			t.Errorf("%s gives a job up after %d receives, and %d is taken for the last one, want 10", q.LogicalID, q.MaxReceives, queue.LastReceive)
		}
		if retention := q.Attributes["MessageRetentionPeriod"]; retention != "1209600" {
			t.Errorf("%s keeps a job for %s seconds, want fourteen days", q.LogicalID, retention)
		}
	}
	if consumed != 14 || len(dead) != 7 {
		t.Errorf("%d queues are consumed, %d of them hold dead letters, want 14 and 7", consumed, len(dead))
	}
}

// TestThrottles: what people send in cannot use up what operators need, nor the other way round.
func TestThrottles(t *testing.T) {
	want := map[string]sam.Throttling{"ingest": {Burst: 4000, Rate: 2000}, "member": {Burst: 2000, Rate: 1000}, "console": {Burst: 100, Rate: 50}, "pages": {Burst: 100, Rate: 50}}
	for _, f := range parse(t).Functions {
		for _, r := range f.Routes {
			of := f.Folder
			if row, _ := access.Of(r.Key()); row.Least != "" && !row.Server {
				of = "console" // operators alone ask, whoever answers
			}
			if r.Throttling != want[of] {
				t.Errorf("%s of %s lets %+v through, want %+v", r.Key(), f.Folder, r.Throttling, want[of])
			}
		}
	}
}

// TestAlarms: whatever fails is told, of every function, queue, schedule and API.
func TestAlarms(t *testing.T) {
	resources := resourcesOf[struct {
		Type       string `yaml:"Type"`
		Properties struct {
			AlarmDescription string `yaml:"AlarmDescription"`
			Metrics          []struct {
				Expression string `yaml:"Expression"`
				MetricStat struct {
					Metric struct {
						MetricName string `yaml:"MetricName"`
						Dimensions []struct {
							Value string `yaml:"Value"`
						} `yaml:"Dimensions"`
					} `yaml:"Metric"`
				} `yaml:"MetricStat"`
			} `yaml:"Metrics"`
			MetricName string `yaml:"MetricName"`
			Dimensions []struct {
				Value string `yaml:"Value"`
			} `yaml:"Dimensions"`
		} `yaml:"Properties"`
	}](t)
	watched := map[string]bool{} // metric and what it is of
	for id, r := range resources {
		if r.Type != "AWS::CloudWatch::Alarm" {
			continue
		}
		if !strings.HasSuffix(r.Properties.AlarmDescription, ".") {
			t.Errorf("%s does not say what to do: %q", id, r.Properties.AlarmDescription)
		}
		for _, d := range r.Properties.Dimensions {
			watched[r.Properties.MetricName+" "+d.Value] = true
		}
		for _, m := range r.Properties.Metrics {
			for _, d := range m.MetricStat.Metric.Dimensions {
				watched[m.MetricStat.Metric.MetricName+" "+d.Value] = true
			}
		}
	}
	want := []string{"5xx Api", "5xx OperatorApi", "InvocationDroppedCount default"}
	for _, f := range parse(t).Functions {
		want = append(want, "Errors "+f.LogicalID, "Throttles "+f.LogicalID)
		if len(f.Schedules) > 0 {
			want = append(want, "AsyncEventsDropped "+f.LogicalID)
		}
		for _, m := range f.Mappings {
			q, _ := parse(t).Queue(m.Queue)
			if q.DeadLetter != "" {
				want = append(want, "ApproximateAgeOfOldestMessage "+q.LogicalID+".QueueName")
			} else {
				want = append(want, "ApproximateNumberOfMessagesVisible "+q.LogicalID+".QueueName")
			}
		}
	}
	for _, w := range want {
		if !watched[w] {
			t.Errorf("no alarm watches %s", w)
		}
	}
}
