package queue

import (
	"context"
	"fmt"
	"slices"

	"github.com/userops/userops/shared/job"
)

// Jobs takes jobs of one queue; when Send answers nil the job is durable. Sender is one.
type Jobs interface {
	Send(ctx context.Context, v any) error
}

// SendFollows tells settlement and orchestration what follows from commits, at most perMessage follows in a message.
func SendFollows(ctx context.Context, toSettlement, toOrchestration Jobs, settlement, orchestration []job.Follow, perMessage int) error {
	for chunk := range slices.Chunk(settlement, perMessage) {
		if err := toSettlement.Send(ctx, job.Follows{Version: job.Version, Follows: chunk}); err != nil {
			return fmt.Errorf("telling settlement: %w", err)
		}
	}
	for chunk := range slices.Chunk(orchestration, perMessage) {
		if err := toOrchestration.Send(ctx, job.Orchestration{Version: job.Version, Follows: chunk}); err != nil {
			return fmt.Errorf("telling orchestration: %w", err)
		}
	}
	return nil
}
