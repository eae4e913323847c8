// Package channel is the contract between dispatch and the channels, which have a package each: what is handed over, and how a
// provider's no is told apart. It sends nothing itself. The surprising thing: the class of an error is about what may have
// happened on the other side, not about what went wrong here; only an error that says "certainly not delivered" is tried again.
package channel

import (
	"context"
	"errors"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/liquid"
)

// Notification is one rendered notification for one person.
type Notification struct {
	ID             string // also the provider's handle where it takes one
	CampaignID     string
	ProfileID      profile.ID
	UserID         string // empty for a person who is not known by one
	Address        string // of the channel; empty where it has none
	Content        liquid.Content
	UnsubscribeURL string // empty for transactional ones
}

// Settings are what a channel reads of its environment.
type Settings interface {
	// Wanted tells whether somebody has begun to set the channel up.
	Wanted() bool
	// Open makes the sender, also of settings that lack something.
	Open(Means) Sender
}

// Means are what a sender needs beside its settings.
type Means struct {
	// Secret answers the value of a secret by its name. It is asked for with each call, since it may change. An error means that it is not known now; an
	// empty value that there is none.
	Secret  func(ctx context.Context, name string) (string, error)
	Timeout time.Duration // of each call of the provider
	Now     func() time.Time
}

// Named is a secret of one name.
func (m Means) Named(name string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) { return m.Secret(ctx, name) }
}

// Sender hands over notifications. It is safe for concurrent use.
type Sender interface {
	// Send hands over one. Its errors are *Error; nil says that the provider took it.
	Send(context.Context, Notification) error
	// Check says everything that the settings lack, by their names in the environment, and never repeats a value.
	Check() error
}

// Class says what an error of a provider means for the notification.
type Class string

// The classes. Retry: certainly not delivered, may be tried later. Reject: certainly not delivered, and never will be.
// Uncertain: handed over, and no answer came.
const (
	Retry     Class = "retry"
	Reject    Class = "reject"
	Uncertain Class = "uncertain"
)

// Error is a provider's no, or its silence. Code is a status such as "550 5.1.1" or "503", or a word of ours; it never holds an
// address or what the provider wrote.
type Error struct {
	Class Class
	Code  string
	// Bounce says that the address itself is dead.
	Bounce bool
	// After is how long the provider asked to wait; zero when it did not.
	After time.Duration
}

// Error is the class and the code.
func (e *Error) Error() string { return "the provider's answer is " + string(e.Class) + ": " + e.Code }

// Classify finds the class in an error. An error of another kind is Uncertain: nobody knows what happened.
func Classify(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Class: Uncertain, Code: "error"}
}
