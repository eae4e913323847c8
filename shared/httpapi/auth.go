package httpapi

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/session"
)

// Auth knows the keys of a deployment by the hex SHA-256 of each, and how a token tells of an operator. An empty hash is a key that does not exist.
type Auth struct {
	ServerKeyHash string // two with a comma between them while the shop changes over
	// OperatorKeyHash is of the one key that a deployment had before its operators had names: an owner's. Two with a comma between them while it changes.
	OperatorKeyHash string
	Operators       access.Keys
	Claims          Claims
	// WriteKey says whether a source has the key; an error means that it is not known now. It is asked only of a key that opens nothing, so that whoever holds
	// it hears what it is for. Nil knows none.
	WriteKey func(ctx context.Context, key string) (bool, error)
	// Passes are the keys of passes, with which the console's pages call for an operator who has signed in there; nil takes none. Now is the time by which they end.
	Passes Passes
	Now    func() time.Time
}

// Passes knows the keys of passes. An error means that they are not known now.
type Passes interface {
	Sessions(ctx context.Context) (*session.Keys, error)
}

// Claims says which claims of a token hold an operator's role and name. Without a claim of the role no token opens anything; without one of the
// name the token's subject is the name.
type Claims struct{ Role, Name string }

// Key is the credential of a request: the user of HTTP Basic or a bearer token; empty when there is none.
func Key(r *http.Request) string {
	if user, _, ok := r.BasicAuth(); ok {
		return user
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "bearer") {
		return strings.TrimSpace(token)
	}
	return ""
}

// Matches says in constant time whether the hex SHA-256 of key is one of hashes, which have commas between them. Nothing matches an empty hash, nor does
// an empty key.
func Matches(key, hashes string) bool {
	sum := sha256.Sum256([]byte(key))
	have := []byte(hex.EncodeToString(sum[:]))
	same := 0
	for hash := range strings.SplitSeq(strings.ToLower(hashes), ",") {
		same |= subtle.ConstantTimeCompare(have, []byte(strings.TrimSpace(hash)))
	}
	return same == 1 && key != ""
}

// Server says whether the request carries the server key.
func (a Auth) Server(r *http.Request) bool { return Matches(Key(r), a.ServerKeyHash) }

// errNoRole says that the gateway has verified a token that makes nobody an operator.
var errNoRole = errors.New("the token names no role of an operator")

// errUnknown says that a request carries nothing that is known.
var errUnknown = errors.New("no key that is known")

// errUnsure says that it is not known now whether a pass is good.
var errUnsure = errors.New("the keys of passes are not known")

// caller is who makes a request, and from where: by a token that the gateway's authorizer has verified, by a pass of the console's pages, else by a key.
func (a Auth) caller(r *http.Request) (requester, error) {
	if claims := tokenOf(r.Context()); claims != nil {
		who, ok := a.Claims.Named(claims)
		if !ok {
			return requester{}, errNoRole
		}
		return requester{who, Address(r)}, nil
	}
	key := Key(r)
	if a.Passes != nil && session.IsPass(key) {
		return a.passing(r, key)
	}
	for _, one := range a.keys() {
		if Matches(key, one.Hash) {
			return requester{one.Caller(), Address(r)}, nil
		}
	}
	return requester{}, errUnknown
}

// passing is the operator of a pass. Whoever signed in with a key is one for as long as the key is, and in its role; whoever signed in elsewhere, for as long as tokens are taken.
func (a Auth) passing(r *http.Request, token string) (requester, error) {
	keys, err := a.Passes.Sessions(r.Context())
	if err != nil {
		return requester{}, fmt.Errorf("%w: %w", errUnsure, err)
	}
	pass, ok := keys.Accept(token, a.Now())
	if !ok || !a.Holds(pass.Caller, pass.Issuer) {
		return requester{}, errUnknown
	}
	return requester{pass.Caller, pass.From}, nil
}

// Operator is the operator of a key.
func (a Auth) Operator(key string) (access.Caller, bool) {
	for _, one := range a.keys() {
		if one.Role != access.ServerKey && Matches(key, one.Hash) {
			return one.Caller(), true
		}
	}
	return access.Caller{}, false
}

// Holds says whether what somebody has signed in with is good still: a key of this name and role, or any token where tokens are taken.
func (a Auth) Holds(who access.Caller, issuer string) bool {
	if issuer != "" {
		return a.Claims.Role != ""
	}
	return slices.ContainsFunc(a.keys(), func(k access.Key) bool { return k.Hash != "" && k.Role != access.ServerKey && k.Caller() == who })
}

// Named is the operator that the claims of a verified token name.
func (c Claims) Named(claims map[string]string) (access.Caller, bool) {
	role, ok := access.RoleIn(claims[c.Role])
	name := cmp.Or(printable(claims[c.Name]), printable(claims["sub"]))
	if !ok || c.Role == "" || name == "" {
		return access.Caller{}, false
	}
	subject := sha256.Sum256([]byte(claims["iss"] + "\n" + claims["sub"]))
	return access.Caller{Name: name, Role: role, Key: access.Fingerprint(hex.EncodeToString(subject[:]))}, true
}

// Staff are the operators who have a key, in the order of the settings.
func (a Auth) Staff() []access.Caller {
	all := []access.Caller{}
	for _, k := range a.keys() {
		if k.Hash != "" && k.Role != access.ServerKey {
			all = append(all, k.Caller())
		}
	}
	return all
}

// keys are those that open something here, whosever they are.
func (a Auth) keys() access.Keys {
	var keys access.Keys
	for hash := range strings.SplitSeq(a.OperatorKeyHash, ",") {
		keys = append(keys, access.Key{Name: "operator key", Role: access.Owner, Hash: strings.TrimSpace(hash)})
	}
	for hash := range strings.SplitSeq(a.ServerKeyHash, ",") {
		keys = append(keys, access.Key{Name: "server key", Role: access.ServerKey, Hash: strings.TrimSpace(hash)})
	}
	return append(keys, a.Operators...)
}

// tokenOf are the claims of a token that the gateway's authorizer has verified, nil without one.
func tokenOf(ctx context.Context) map[string]string {
	in, ok := ctx.Value(requestKey{}).(*events.APIGatewayV2HTTPRequest)
	if !ok || in.RequestContext.Authorizer == nil || in.RequestContext.Authorizer.JWT == nil || len(in.RequestContext.Authorizer.JWT.Claims) == 0 {
		return nil
	}
	return in.RequestContext.Authorizer.JWT.Claims
}

// maxName bounds what a token may call somebody.
const maxName = 100

// printable is a name as it can be shown and kept, empty if it is none.
func printable(name string) string {
	name = strings.TrimSpace(strings.ToValidUTF8(name, ""))
	if len(name) > maxName || strings.ContainsFunc(name, unicode.IsControl) {
		return ""
	}
	return name
}

type callKey struct{}

// requester is who makes a request that Require has let through, and from where.
type requester struct {
	by   access.Caller
	from string
}

// Caller is who makes the request of ctx, once Require has let it through.
func Caller(ctx context.Context) access.Caller {
	c, _ := ctx.Value(callKey{}).(requester)
	return c.by
}

// From is the address that the request of ctx came from, as the gateway saw it, once Require has let it through.
func From(ctx context.Context) string {
	c, _ := ctx.Value(callKey{}).(requester)
	return c.from
}

// Address is where a request came from, as the gateway saw it.
func Address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Needs says for people what opens a route.
func Needs(row access.Row) string {
	operator := fmt.Sprintf("an operator's key or token of the role %s at least", row.Least)
	switch {
	case row.Write && row.Server:
		return "a write key or the server key is needed here"
	case row.Write:
		return "a write key is needed here"
	case row.Person:
		return "the server key, or the person's userId with userHash, is needed here"
	case row.Least == "":
		return "the server key is needed here"
	case row.Server:
		return "the server key, or " + operator + ", is needed here"
	}
	return operator + " is needed here"
}

// The kinds of keys, as whoever holds one of another kind than is needed hears of it.
const (
	aWriteKey      = "a write key"
	theServerKey   = "the server key"
	anOperatorsKey = "an operator's key"
)

// Refuse answers a request whose key, or the lack of one, does not open what it asks for, and says what is needed: 403 and what the key is, if it is one that opens
// other routes; else 401. Of a key that is not known it says nothing, so nobody learns by it whether a key exists but who has it.
func (a Auth) Refuse(w http.ResponseWriter, r *http.Request, key, needed string) {
	kind, err := a.kindOf(r.Context(), key)
	if err != nil {
		// It opens nothing in any case.
		slog.WarnContext(r.Context(), "kind of a refused key not known", "error", err.Error())
	}
	switch {
	case kind != "":
		another(w, kind, needed)
	case key != "":
		Unauthorized(w, "the key is not known: "+needed)
	default:
		Unauthorized(w, needed)
	}
}

// another answers whoever has a key of another kind than is needed.
func another(w http.ResponseWriter, kind, needed string) {
	Problem(w, http.StatusForbidden, "", kind+" does not open this: "+needed)
}

// kindOf is what kind of key one is, empty if it is not known.
func (a Auth) kindOf(ctx context.Context, key string) (string, error) {
	for _, one := range a.keys() {
		switch {
		case !Matches(key, one.Hash):
		case one.Role == access.ServerKey:
			return theServerKey, nil
		default:
			return anOperatorsKey, nil
		}
	}
	if key == "" || a.WriteKey == nil {
		return "", nil
	}
	if known, err := a.WriteKey(ctx, key); err != nil || !known {
		return "", err
	}
	return aWriteKey, nil
}

// Require lets only those through to h who may call the route by the table of package access: 401 without a key that is known, 403 with one that
// opens other routes, or of an operator whose role is not enough. A route without a row is a fault of the program.
func (a Auth) Require(route string, h http.HandlerFunc) http.HandlerFunc {
	row, known := access.Of(route)
	if !known {
		panic("no row in access says who may call " + route)
	}
	needed := Needs(row)
	return func(w http.ResponseWriter, r *http.Request) {
		caller, err := a.caller(r)
		switch {
		case errors.Is(err, errUnknown):
			a.Refuse(w, r, Key(r), needed)
		case errors.Is(err, errUnsure):
			Failed(w, r, err)
		case err != nil:
			Problem(w, http.StatusForbidden, "", err.Error())
		case caller.by.Role == access.ServerKey && row.Server, caller.by.Role.May(row.Least):
			h(w, r.WithContext(context.WithValue(r.Context(), callKey{}, caller)))
		case caller.by.Role == access.ServerKey:
			another(w, theServerKey, needed)
		case row.Least == "":
			another(w, anOperatorsKey, needed)
		default:
			Problem(w, http.StatusForbidden, "", needed)
		}
	}
}

// Unauthorized answers 401 and says how to authenticate.
func Unauthorized(w http.ResponseWriter, detail string) {
	w.Header().Set("WWW-Authenticate", `Basic realm="userops", charset="UTF-8"`)
	Problem(w, http.StatusUnauthorized, "", detail)
}
