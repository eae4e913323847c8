package simulation

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"path"
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// works looks at what a job of a question is about to write: a part, while its claim is its own; an end to its own claim alone; and that the question has failed, where it does not come again itself.
func (s *shelves) works(w *world, inv *invocation, q request) {
	if inv == nil || inv.function != "reporting" || len(inv.payload) == 0 || previousConstructors["reporting"] != nil {
		return
	}
	records := s.records(inv)
	holder := func(key string) string {
		body, _, err := w.bucket().Read(context.Background(), key)
		if err != nil {
			return ""
		}
		return string(body)
	}
	report, name := path.Dir(q.key), path.Base(q.key)
	switch {
	case q.op == "PutObject" && strings.HasPrefix(q.key, archive.AnswersPrefix) && path.Base(report) == "parts":
		claim := path.Dir(report) + "/claim-" + name[:4]
		owner := holder(claim)
		mine := records[owner] != nil
		for id := range records {
			mine = mine || s.left[claim][id] // the same job in another process, where that has failed
		}
		if !mine {
			w.violate(partsAreClaimed, "", "%s writes %s, which %q has claimed", inv.name, q.key, owner)
		}
	case q.op == "PutObject" && strings.HasPrefix(q.key, archive.AnswersPrefix) && strings.HasPrefix(name, "failed"):
		told := false
		for id, record := range records {
			j := s.jobs[id]
			told = told || queue.Receives(*record) >= queue.LastReceive && j.Report == path.Base(report) && j.Again == numberOf(name)
		}
		if !told {
			w.violate(failuresAreTold, "", "%s says in %s that a job does not come again, and has none", inv.name, q.key)
		}
	case q.op == "DeleteObjects":
		var all struct {
			Object []struct{ Key string }
		}
		check(xml.Unmarshal(q.body, &all))
		for _, o := range all.Object {
			owner := holder(o.Key)
			if !strings.Contains(o.Key, "/claim-") || owner == "" {
				continue
			}
			if records[owner] == nil {
				w.violate(partsAreClaimed, "", "%s lets go of %s, which %s has claimed", inv.name, o.Key, owner)
			}
			if s.left[o.Key] == nil {
				s.left[o.Key] = map[string]bool{}
			}
			s.left[o.Key][owner] = true
		}
	}
}

// records are the messages of an invocation.
func (s *shelves) records(inv *invocation) map[string]*events.SQSMessage {
	var batch events.SQSEvent
	check(json.Unmarshal(inv.payload, &batch))
	records := map[string]*events.SQSMessage{}
	for i, r := range batch.Records {
		records[r.MessageId] = &batch.Records[i]
		var j job.Reporting
		if json.Unmarshal([]byte(r.Body), &j) == nil {
			s.jobs[r.MessageId] = j
		}
	}
	return records
}

// numberOf is the asking that an object is of.
func numberOf(name string) int {
	_, n, _ := strings.Cut(name, "-")
	asked, err := strconv.Atoi(n)
	if err != nil {
		return 0
	}
	return asked
}

// asked is the last asking of a question.
func (s *shelves) asked(id string) (n int) {
	for {
		if _, there := s.answers[fmt.Sprintf("%s%s/asked-%04d", archive.AnswersPrefix, id, n+1)]; !there {
			return n
		}
		n++
	}
}

// hasFailed tells whether there is a reason to say that an asking has failed: a job that does not come again, or one that is dead.
func (w *world) hasFailed(id string, asked int) bool {
	s := &w.watch.shelves
	key := archive.AnswersPrefix + id + "/failed"
	if asked > 0 {
		key += fmt.Sprintf("-%04d", asked)
	}
	if _, there := s.answers[key]; there {
		return true
	}
	dead := maps.Clone(s.given)
	for _, l := range w.watch.dead {
		dead[l.MessageID] = true
	}
	for message := range dead {
		if j, is := s.jobs[message]; is && j.Report == id && j.Again == asked {
			return true
		}
	}
	return false
}
