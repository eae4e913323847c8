// Package referral is what people do to invite each other: codes, claims, who came by whom, and the board of the best advocates. It qualifies and pays nobody:
// settlement does, once a claim stands. The surprising thing: neither a code nor a claim needs a profile. The events of who is new may still be on their way.
package referral

import (
	"context"
	"time"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/idempotency"
)

// programStore reads the definitions of programs, past every cache: nil where there is none.
type programStore interface {
	Program(ctx context.Context, id string) (*referral.Program, error)
}

// codeStore keeps the codes of people. It reads consistently.
type codeStore interface {
	// CodeOf is the code of a person in a program, dynamo.ErrNotFound without one.
	CodeOf(ctx context.Context, keys []profile.ID, program string) (string, error)
	// CodeOwner tells whose a code is, dynamo.ErrNotFound if it is nobody's.
	CodeOwner(ctx context.Context, code string) (program string, advocate profile.ID, err error)
	// PutCode makes a code durable together with the answer beside it. reward.ErrCodeTaken (it is another pair's), dynamo.ErrConflict (the pair has another one)
	// and idempotency.ErrAnswered say that nothing was written; any other error leaves it open. The same again changes nothing.
	PutCode(ctx context.Context, code, program string, advocate profile.ID, now time.Time, beside *idempotency.Answer) error
}

// referralStore keeps who came by whom. It reads consistently.
type referralStore interface {
	// InProgram are a person's referrals as friend in a program: none, one, or several after a merge.
	InProgram(ctx context.Context, keys []profile.ID, program string) ([]referral.Referral, error)
	// Ancestors are those through whom a person came into a program, nearest first, and who of them was invited by nobody; nil where that is not known.
	Ancestors(ctx context.Context, program string, of []profile.ID) (chain [][]profile.ID, origin []profile.ID, err error)
	OfFriend(ctx context.Context, keys []profile.ID) ([]referral.Referral, error)
	// OfAdvocate lists the referrals that a person made. A cursor that it did not give is dynamo.ErrCursor; an empty next ends the list.
	OfAdvocate(ctx context.Context, keys []profile.ID, limit int, cursor string) (page []referral.Referral, next string, err error)
}

// moveStore writes the first step of a referral.
type moveStore interface {
	// Claim makes a claim durable together with its answer. dynamo.ErrConflict (something moved since it was read) and idempotency.ErrAnswered say that nothing
	// was written; any other error leaves it open.
	Claim(ctx context.Context, c reward.Claim) error
}

// standingStore reads where advocates stand in a program.
type standingStore interface {
	// Best are the best standings, at most so many.
	Best(ctx context.Context, program string, most int) ([]referral.Standing, error)
	StandingsOf(ctx context.Context, keys []profile.ID, program string) ([]reward.Standing, error)
}

// auditStore keeps the audit log.
type auditStore interface {
	// Write makes lines durable; an error leaves open which of them stand, of up to 25 all or none.
	Write(ctx context.Context, lines ...audit.Line) error
}

// Handler serves the resource. Its fields are set once.
type Handler struct {
	subject.Finder
	Callers   subject.Callers
	Programs  programStore
	Codes     codeStore
	Referrals referralStore
	Moves     moveStore
	Standings standingStore
	Answers   httpapi.Memory // beside codes and claims, in their transactions
	Audit     auditStore
	NewID     func() string // of lines; never the same twice
}
