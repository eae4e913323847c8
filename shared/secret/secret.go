// Package secret reads what nobody may see by its name, when a process first needs it and again every few minutes. It keeps nothing on disk and in no
// environment variable, and never writes a value. The surprising thing: a secret that cannot be read again stays as it was last read, so that an
// outage of the store stops nothing that runs; one that was never read is an error to who needs it, and to nobody else.
package secret

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/operator/session"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/telemetry"
)

// The names of the shop's secrets; the credential of a channel is named in its package. What is verified here may have a second value under its name with
// Previous behind it.
const (
	Root     = "secret"        // every key is derived of it
	UserHash = "user-hash"     // what the shop's back end signs userIds with, where it was given a secret of its own
	Session  = "session"       // by which operators who have signed in on the console's pages are known again
	Client   = "client-secret" // of the console's pages at the issuer of operators' tokens, where that gives them one
	Previous = "-previous"     // ends the name of the value before
)

// rotating are the names that may have a value before the present one: what is verified here. What others verify has one.
var rotating = map[string]bool{Root: true, UserHash: true, Session: true}

// API reads the values of names; those that have none are absent. An error says nothing of any of them.
type API interface {
	Read(ctx context.Context, names []string) (map[string]string, error)
}

const (
	// every is how long a reading holds, give or take a fifth, so that many processes do not ask at once.
	every = 5 * time.Minute
	// again is how long after a reading that failed the next one is tried, of secrets that are known and of those that are not.
	again, anew = 30 * time.Second, time.Second
	// patience bounds a reading: who waits for it has a caller who waits too.
	patience = 3 * time.Second
)

// Store holds the secrets of some names. It is safe for concurrent use.
type Store struct {
	api   API
	names []string
	now   func() time.Time

	reading sync.Mutex // one reads at a time

	mu     sync.RWMutex
	known  bool
	values map[string]string
	keys   *proof.Keys
	signed *session.Keys
	next   time.Time // when the next reading is due
	fault  error     // of the last reading
}

// New is a store of names, of which nothing is read yet. Without an API there are no secrets.
func New(api API, now func() time.Time, names ...string) *Store {
	return &Store{api: api, now: now, known: api == nil, names: All(names...)}
}

// All are the names that a store of names asks for: a role has the right to each of them, or is refused them all.
func All(names ...string) (all []string) {
	for _, name := range names {
		if all = append(all, name); rotating[name] {
			all = append(all, name+Previous)
		}
	}
	return all
}

// Open is a store of names below a path of the Parameter Store; without a path they are variables of the environment, as one machine and tests have
// them: user-hash is USER_HASH.
func Open(path string, now func() time.Time, names ...string) *Store {
	if path == "" {
		return New(environment{}, now, names...)
	}
	return New(&Parameters{Path: path, Now: now}, now, names...)
}

type environment struct{}

func (environment) Read(_ context.Context, names []string) (map[string]string, error) {
	values := map[string]string{}
	for _, name := range names {
		values[name] = os.Getenv(strings.ToUpper(strings.ReplaceAll(name, "-", "_")))
	}
	return values, nil
}

// Fixed is a store of values that never change.
func Fixed(values map[string]string) *Store {
	s := &Store{known: true}
	s.keep(values)
	return s
}

// Value is the present value of a name, empty where there is none. An error means that it is not known.
func (s *Store) Value(ctx context.Context, name string) (string, error) {
	if err := s.fresh(ctx); err != nil {
		return "", err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.values[name], nil
}

// Keys are those of the secrets that sign. An error means that they are not known.
func (s *Store) Keys(ctx context.Context) (*proof.Keys, error) {
	if err := s.fresh(ctx); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.keys, nil
}

// Sessions are the keys by which operators who have signed in are known again. An error means that they are not known.
func (s *Store) Sessions(ctx context.Context) (*session.Keys, error) {
	if err := s.fresh(ctx); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.signed, nil
}

// fresh reads what is due. Of those who come at once one reads; who has something to go on with does not wait for that.
func (s *Store) fresh(ctx context.Context) error {
	if s.api == nil {
		return nil
	}
	known, due, fault := s.state()
	switch {
	case !due && known:
		return nil
	case !due:
		return fault
	case known && !s.reading.TryLock():
		return nil
	case !known:
		s.reading.Lock()
	}
	defer s.reading.Unlock()
	if known, due, fault := s.state(); !due { // somebody was faster
		if known {
			return nil
		}
		return fault
	}
	return s.read(ctx)
}

func (s *Store) state() (known, due bool, fault error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.known, !s.now().Before(s.next), s.fault
}

func (s *Store) read(ctx context.Context) error {
	// A caller that goes away does not take the reading with it: the next one needs it too.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	values, err := s.api.Read(ctx, s.names)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.keep(values)
		s.known, s.fault, s.next = true, nil, s.now().Add(every-every/5+rand.N(2*every/5))
		return nil
	}
	s.fault = fmt.Errorf("reading secrets: %w", err)
	telemetry.Count("secrets_unread", 1, "known", fmt.Sprint(s.known))
	slog.ErrorContext(ctx, "secrets cannot be read", "error", err.Error(), "known", s.known)
	if s.known {
		s.next = s.now().Add(again)
		return nil
	}
	s.next = s.now().Add(anew)
	return s.fault
}

func (s *Store) keep(values map[string]string) {
	s.values = values
	of := func(name string) []string { return []string{values[name], values[name+Previous]} }
	s.keys, s.signed = proof.New(of(Root), of(UserHash)), session.New(of(Session)...)
}
