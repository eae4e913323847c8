package redrive

import (
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/wire"
)

// tellers read the jobs of each queue, by its name.
var tellers = map[string]func(body []byte) (job.Told, error){
	"events":        told(job.Events.Tell),
	"segmentation":  told(job.Segmentation.Tell),
	"orchestration": told(job.Orchestration.Tell),
	"settlement":    told(job.Follows.Tell),
	"notifications": told(job.Notifications.Tell),
	"archive":       told(job.Archive.Tell),
	"reporting":     told(job.Reporting.Tell),
}

// tellOf is what a message on a queue tells of itself.
func tellOf(queue string, body []byte) job.Told {
	tell := tellers[queue]
	if tell == nil {
		return job.Told{Kind: job.Unreadable}
	}
	t, err := tell(body)
	if err != nil || t.Kind == "" {
		return job.Told{Kind: job.Unreadable}
	}
	return t
}

func told[T any](tell func(T) job.Told) func([]byte) (job.Told, error) {
	return func(body []byte) (job.Told, error) {
		var j T
		if err := wire.Read(body, &j); err != nil {
			return job.Told{}, err
		}
		return tell(j), nil
	}
}
