package settlement

import (
	"time"

	"github.com/userops/userops/shared/queue"
)

// Process is the function: it asks each machine of the table whether it is concerned, and advances what is.
type Process struct {
	table       []row
	definitions definitions
	waiting     waiting
	queue       queue.Consumer
	now         func() time.Time
	moved       counts
}
