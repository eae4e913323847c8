package job_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/wire"
)

// FuzzJobs reads any text as a job of each queue: an error, which sends it to the dead letters in the end, or a job that is the same once it was written and read again, as
// each hop does with it, and that tells who speaks.
func FuzzJobs(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"v":99,"events":[{"messageId":1}]}`))
	f.Add([]byte(`{"v":1,"command":{"at":"0000-01-01T00:00:00Z","wipe":{"keys":null}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		one, err := again[job.Events](t, body)
		if err == nil {
			for _, e := range append(one.Events, event.Event{}) {
				if level := one.Level(&e); level == "" {
					t.Fatalf("nobody says %+v of %s", e, body)
				}
			}
		}
		_, _ = again[job.Follows](t, body)
		_, _ = again[job.Segmentation](t, body)
		_, _ = again[job.Orchestration](t, body)
		_, _ = again[job.Notifications](t, body)
		_, _ = again[job.Archive](t, body)
		_, _ = again[job.Reporting](t, body)
	})
}

// again reads a job, and what it is written as.
func again[T any](t *testing.T, body []byte) (T, error) {
	t.Helper()
	var read, other T
	if err := wire.Read(body, &read); err != nil { // as package queue does
		return read, err
	}
	text, err := json.Marshal(read)
	if err != nil {
		return read, err // a time that JSON cannot hold, which nobody could have sent
	}
	if err := wire.Read(text, &other); err != nil {
		t.Fatalf("%s is written as %s, which cannot be read: %v", body, text, err)
	}
	twice, err := json.Marshal(other)
	if err != nil || !reflect.DeepEqual(twice, text) {
		t.Fatalf("%s is written as %s, and then as %s, %v", body, text, twice, err)
	}
	return read, nil
}
