package simulation

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/job"
)

// shelves keep what was ever written into the bucket that answers go back to: files and lists, which never change, each head with its time, and answers. The archive itself forgets what its head has ceased to name.
type shelves struct {
	bodies  map[string][]byte
	heads   []headAt
	answers map[string]time.Time // when each object of an answer was written first
	erased  []erasedAt
	jobs    map[string]job.Reporting   // that a function was ever given, by message
	given   map[string]bool            // messages that were given up
	left    map[string]map[string]bool // who has let go of a claim, by its key
}

type headAt struct {
	at   time.Time
	head *archive.Head
}

// erasedAt is an erasure, and when it was filed for the archive.
type erasedAt struct {
	at time.Time
	job.Erasure
}

func newShelves() shelves {
	return shelves{bodies: map[string][]byte{}, answers: map[string]time.Time{}, jobs: map[string]job.Reporting{}, given: map[string]bool{}, left: map[string]map[string]bool{}}
}

// Read is archive.Bodies'.
func (s *shelves) Read(_ context.Context, key string) ([]byte, string, error) {
	if body, there := s.bodies[key]; there {
		return body, "", nil
	}
	return nil, "", bucket.ErrNotFound
}

// put keeps an object that was written.
func (s *shelves) put(w *world, key string) {
	body, _, err := w.bucket().Read(context.Background(), key)
	check(err)
	switch {
	case key == "head.json":
		h := &archive.Head{}
		check(json.Unmarshal(body, h))
		s.heads = append(s.heads, headAt{time.Now(), h})
	case strings.HasPrefix(key, archive.AnswersPrefix), strings.HasPrefix(key, archive.MatchesPrefix):
		// A claim is let go of by a job that fails, and is another's then. It means nothing to an answer.
		if old, there := s.bodies[key]; there && string(old) != string(body) && !strings.Contains(key, "/claim-") {
			w.violate(answersRecount, "", "%s was written, and is another now", key)
		}
		if _, there := s.answers[key]; !there {
			s.answers[key] = time.Now()
		}
		s.bodies[key] = body
	case strings.HasPrefix(key, archive.FilesPrefix), strings.HasPrefix(key, archive.ListsPrefix):
		s.bodies[key] = body
	}
}

// filed keeps an erasure that was filed for the archive.
func (s *shelves) filed(q request) {
	var in struct{ Item item }
	if q.where != "Due" || q.op != "PutItem" || json.Unmarshal(q.body, &in) != nil || !strings.HasPrefix(in.Item.text("pk"), "archive#") {
		return
	}
	text, _ := in.Item["b"]["B"].(string)
	raw, err := base64.StdEncoding.DecodeString(text)
	check(err)
	e := erasedAt{at: time.Now()}
	check(json.Unmarshal(raw, &e.Erasure))
	s.erased = append(s.erased, e)
}
