// Package operation is how operators see that the machine works: the runs of segmentation, how full the queues are, and the jobs that failed too often, which they may send again. It mends nothing by itself. The
// surprising thing: of a job that failed nothing is shown that somebody has sent, only what the job is about.
package operation

import (
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/operator/access"
)

// Rows are the pages of the package.
func Rows() []view.Row {
	return []view.Row{
		view.Show("runs", access.Viewer, "operation.runs", view.GroupRun, listRuns),
		view.Show("runs/show", access.Viewer, "operation.run", "", showRun),
		view.Show("runs/classes", access.Viewer, "operation.classes", "", showClasses),
		view.Show("runs/cohorts", access.Viewer, "operation.cohorts", "", showCohorts),
		view.Show("runs/quality", access.Viewer, "operation.quality", "", showQuality),
		view.Do("runs/start", view.Least(startsRuns), "operation.runs", startRun),
		view.Show("queues", access.Viewer, "operation.queues", view.GroupRun, showQueues),
		view.Show("queues/letters", access.Viewer, "operation.letters", "", showLetters),
		view.Do("queues/redrive", view.Least(redrives), "operation.letters", redrive),
	}
}
