package simulation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	signing "github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/secret"
)

// vault is the store of secrets: what the shop's user hashes are signed with stays, and every key that is derived of the root changes with it.
type vault struct {
	w      *world
	states []vaultState // the newest last
	away   [2]time.Time // nothing can be read between them
	used   []usage
}

// vaultState is what the vault holds since a time: the root secrets, the present one first, then the one before it while it is valid.
type vaultState struct {
	since time.Time
	roots []string
}

// usage is a process of ingest that went by what it had read of the vault.
type usage struct {
	at    time.Time
	knows vaultState
}

func newVault(w *world) *vault {
	v := &vault{w: w, states: []vaultState{{time.Now(), []string{rootSecret(0)}}}}
	d := dice{hash(w.seed, "vault")}
	begin := time.Now().Add(d.pause(time.Minute, 3*time.Hour))
	v.away = [2]time.Time{begin, begin.Add(d.pause(time.Minute, 40*time.Minute))}
	return v
}

func rootSecret(n int) string { return fmt.Sprintf("sim-root-secret-%d", n) }

// now is what the vault holds.
func (v *vault) now() vaultState { return v.states[len(v.states)-1] }

func (v *vault) change(roots ...string) {
	v.states = append(v.states, vaultState{time.Now(), roots})
	v.w.tell("secrets: the root is %v", roots)
}

// store is one process's store of secrets.
func (v *vault) store(now func() time.Time) *keeper {
	k := &keeper{v: v, now: now}
	k.store = secret.New(k, now, secret.Root, secret.UserHash)
	return k
}

// keeper reads the vault for one process, and watches what the process knows by that.
type keeper struct {
	v     *vault
	store *secret.Store
	now   func() time.Time
	knows *vaultState // what was read last, nil before
	read  time.Time   // when that was asked for
	tried time.Time   // when the last reading ended, whether it came to anything or not
	busy  bool        // a reading is under way: who knows something does not wait for it
}

var errAway = errors.New("the vault cannot be read")

// Read is the call of the service, whose answer takes its time, fails, or does not come.
func (k *keeper) Read(ctx context.Context, names []string) (map[string]string, error) {
	w, inv := k.v.w, invocationOf(ctx)
	if inv == nil {
		return nil, errAway // the judge has no business with secrets
	}
	k.busy = true
	defer func() { k.busy, k.tried = false, k.now() }()
	name := w.numbered("secrets " + inv.function)
	d := dice{hash(w.seed, "vault", name)}
	strikes := func(f fault) bool {
		if !w.faults.strikes(f, name) {
			return false
		}
		inv.struck(f, name)
		return true
	}
	took := d.pause(time.Millisecond, 60*time.Millisecond)
	if strikes(secretsSlow) {
		took = d.pause(500*time.Millisecond, 8*time.Second)
	}
	asked := k.now()
	if err := w.wait(ctx, took); err != nil {
		return nil, err
	}
	begun := time.Now()
	away := !w.faults.none && w.faults.of[secretsAway] > 0 && begun.After(k.v.away[0]) && begun.Before(k.v.away[1]) && w.faults.has(secretsAway, name)
	if away {
		inv.struck(secretsAway, name)
	}
	if away || strikes(secretsAway) {
		return nil, errAway
	}
	state := k.v.now()
	k.knows, k.read = &state, asked
	values := map[string]string{secret.UserHash: hashSecret, secret.Root: state.roots[0]}
	if len(state.roots) > 1 {
		values[secret.Root+secret.Previous] = state.roots[1]
	}
	maps.DeleteFunc(values, func(name, _ string) bool { return !slices.Contains(names, name) })
	return values, nil
}

// The times that are promised: how long a reading holds at most, and when a reading that failed is tried again.
const (
	secretsHold  = 6 * time.Minute
	secretsAgain = 30 * time.Second
	secretsTake  = 4 * time.Second // to read them
)

// Keys are what the process goes by. They are those of the last reading that came to something, and no older than is promised; there are none before it.
func (k *keeper) Keys(ctx context.Context) (*signing.Keys, error) {
	keys, err := k.store.Keys(ctx)
	w, inv := k.v.w, invocationOf(ctx)
	if err == nil && k.knows != nil && inv != nil && inv.function == "ingest" {
		k.v.used = append(k.v.used, usage{time.Now(), *k.knows})
	}
	switch {
	case inTime(ctx) != nil:
		return keys, err
	case err != nil && k.knows != nil:
		w.violate(secretsGoOn, "", "secrets were known and are not any more: %v", err)
	case err == nil && k.knows == nil:
		w.violate(secretsGoOn, "", "keys are used before any secret was read")
	case err == nil && !k.busy:
		if late := k.now().Sub(k.read); late > secretsHold+secretsTake && k.now().Sub(k.tried) > secretsAgain+secretsTake {
			w.violate(secretsGoOn, "", "the secrets were read %s ago, and tried %s ago", late, k.now().Sub(k.tried))
		}
		for n := range len(k.v.states) + 1 {
			root := rootSecret(n)
			valid := slices.Contains(k.knows.roots, root)
			if owns := keys.Owns("somebody", signing.UserHash(signing.UserHashSecret(root), "somebody")); owns != valid {
				w.violate(secretsGoOn, "", "the key of %s is valid: %v; the vault said: %v", root, owns, k.knows.roots)
			}
		}
		if !keys.Owns("somebody", userHash("somebody")) {
			w.violate(secretsGoOn, "", "the secret that the shop was given is not valid")
		}
	}
	return keys, err
}

// inTime is the end of the invocation of ctx: what a process hears after it counts for nothing.
func inTime(ctx context.Context) error {
	if inv := invocationOf(ctx); inv != nil && inv.dead() {
		return errGone
	}
	return ctx.Err()
}

// proven is an event with a proof of its person by a key that was derived of a root secret.
type proven struct {
	said    *said
	root    string
	refused bool
}

// proveAnew is a shop that changes the root secret while its customers' pages prove whose they are: the one before stays valid until the shop takes it away.
func proveAnew(w *world, d *dice, p *human) {
	if havePrevious {
		return // its instances know no root
	}
	v := w.vault
	for range d.between(1, 4) {
		switch roots := v.now().roots; d.below(4) {
		case 0:
			if len(roots) == 1 {
				v.change(rootSecret(len(v.states)), roots[0])
			}
		case 1:
			v.change(roots[0])
		}
		if d.happens(0.5) {
			w.sleep(d.pause(time.Second, 15*time.Minute))
		}
		roots := v.now().roots
		root := one(d, roots[len(roots)-1], roots[0], rootSecret(d.below(len(v.states)+1)))
		s := w.event(d, "track", "Store Visited")
		s.User, s.own, s.Context = p.user, true, map[string]any{"userHash": signing.UserHash(signing.UserHashSecret(root), p.user)}
		w.post(d, publicKey, s)
		w.model.proofs = append(w.model.proofs, &proven{s, root, s.Refused})
		if len(s.Tries) > 1 {
			s.Refused = false // an attempt before it, of which nothing was heard, may have been taken
		}
		w.sleep(d.pause(time.Second, 10*time.Minute))
	}
}

// checkProofs holds that what is proven by a root secret is taken where a process knows it as valid, also as the one before, and refused elsewhere. That
// what it knows is the vault's, and no older than is promised, Keys holds.
func checkProofs(w *world, s *state, broken func(string, string, ...any)) {
	for _, x := range w.model.proofs {
		if len(x.said.Tries) == 0 || !x.said.Accepted && !x.refused {
			continue
		}
		last := x.said.Tries[len(x.said.Tries)-1]
		valid, invalid := false, false
		for _, u := range w.vault.used {
			if u.at.Before(last.from) || u.at.After(last.to) {
				continue
			}
			has := slices.Contains(u.knows.roots, x.root)
			valid, invalid = valid || has, invalid || !has
		}
		switch {
		case x.refused && !invalid:
			broken(x.said.User, "%s, proven at %s by the key of %s, was refused", x.said.ID, clock(last.from), x.root)
		case x.said.Accepted && !valid && !x.said.Answered.Before(last.from):
			broken(x.said.User, "%s, proven at %s by the key of %s, which is not valid, was taken", x.said.ID, clock(last.from), x.root)
		}
	}
}
