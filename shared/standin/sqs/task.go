package sqs

type taskStatus string

const (
	taskRunning   taskStatus = "RUNNING"
	taskCompleted taskStatus = "COMPLETED"
	taskCancelled taskStatus = "CANCELLED"
	taskFailed    taskStatus = "FAILED"
)

const (
	tasksKept   = 10 // for each source
	moveAtOnce  = 100
	maxMoveRate = 500
)

// taskRecord is a message move task in the file. Queues are kept by name.
type taskRecord struct {
	Handle      string     `json:"handle"`
	Source      string     `json:"source"`
	Destination string     `json:"destination,omitempty"`
	Rate        int        `json:"rate,omitempty"`
	Started     int64      `json:"started"` // milliseconds
	Status      taskStatus `json:"status"`
	Moved       int        `json:"moved"`
	ToMove      int        `json:"toMove"`
	Failure     string     `json:"failure,omitempty"`
}

type moveTask struct {
	taskRecord
	wake chan struct{}
}

func (t *moveTask) poke() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}
