// Package pages is the console: what operators see in a browser. It holds no right to anything but to remember who has signed out; all that its pages show and change they ask of the API, in the name of
// whoever looks, so that roles, masks, rules and the audit log hold here as they do for programs. Here the screens are put together: a folder each, which knows nothing of the others. The surprising
// thing: the API is found by the name under which the request came, since a function that the API routes to cannot name it in the template.
package pages

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/asset"
	"github.com/userops/userops/functions/pages/audit"
	"github.com/userops/userops/functions/pages/call"
	"github.com/userops/userops/functions/pages/campaign"
	"github.com/userops/userops/functions/pages/definition"
	"github.com/userops/userops/functions/pages/home"
	"github.com/userops/userops/functions/pages/operation"
	"github.com/userops/userops/functions/pages/people"
	"github.com/userops/userops/functions/pages/referral"
	"github.com/userops/userops/functions/pages/refusal"
	"github.com/userops/userops/functions/pages/report"
	"github.com/userops/userops/functions/pages/segment"
	"github.com/userops/userops/functions/pages/setting"
	"github.com/userops/userops/functions/pages/signin"
	"github.com/userops/userops/functions/pages/stop"
	"github.com/userops/userops/functions/pages/template"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/operator"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/secret"
)

// Settings is what pages reads of its environment.
type Settings struct {
	SessionsTable string `env:"SESSIONS_TABLE"`

	OperatorKeyHash string      `env:"OPERATOR_KEY_HASH" default:""`
	OperatorKeys    access.Keys `env:"OPERATOR_KEYS" default:""`
	RoleClaim       string      `env:"ROLE_CLAIM" default:""` // of an operator's token
	NameClaim       string      `env:"NAME_CLAIM" default:""`
	// Issuer is where operators may sign in who have no key, and ClientID what it calls these pages.
	Issuer   string `env:"ISSUER" default:""`
	ClientID string `env:"CLIENT_ID" default:""`

	// PublicURL is where people reach the API and these pages, and APIURL where the pages themselves call it; without one it is where the request came to.
	PublicURL   string `env:"PUBLIC_URL" default:""`
	APIURL      string `env:"API_URL" default:""`
	SecretsPath string `env:"SECRETS_PATH" default:""`

	ShopName string         `env:"SHOP_NAME" default:"Shop"`
	Zone     *time.Location `env:"TIME_ZONE" default:"Asia/Shanghai"`
	Currency money.Currency `env:"CURRENCY" default:"CNY"`
}

// Process is the function. Its exported fields are set once.
type Process struct {
	Site *view.Site
	Door *signin.Door
	// API is where a request's pages call, and HTTP how.
	API  func(r *http.Request) string
	HTTP *http.Client
	// Trusted are origins beside the one of the request that may send forms: where a proxy in front changes the name.
	Trusted []string
}

// screens are the packages of screens, each with its rows.
var screens = []func() []view.Row{home.Rows, people.Rows, segment.Rows, campaign.Rows, referral.Rows, template.Rows, report.Rows, definition.Rows, stop.Rows, operation.Rows, refusal.Rows, audit.Rows, setting.Rows, call.Rows}

// Rows is the table of all pages.
func Rows() (rows []view.Row) {
	for _, of := range screens {
		rows = append(rows, of()...)
	}
	return rows
}

const (
	// patience bounds a page with all its calls; the function has a little more.
	patience = 15 * time.Second
	// callPatience bounds a call of the API, or of an issuer.
	callPatience = 10 * time.Second
)

// New is the process over its client.
func New(s Settings, db dynamo.API, now func() time.Time) *Process {
	secrets := secret.Open(s.SecretsPath, now, secret.Session, secret.Client)
	client := &http.Client{Timeout: callPatience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	site := &view.Site{
		Shop: view.Shop{Name: s.ShopName, Zone: s.Zone, Currency: s.Currency}, Rows: Rows(), Now: now, Asset: func(name string) string { return view.Root + "/" + asset.Address(name) },
	}
	p := &Process{
		Site: site, HTTP: client, API: func(r *http.Request) string { return reached(s.APIURL, r) },
		Door: &signin.Door{
			Site: site, Secrets: secrets, Store: operator.Sessions{DB: db, Table: s.SessionsTable, Now: now}, NewID: rand.Text, Secure: !strings.HasPrefix(s.APIURL, "http://"),
			Auth: httpapi.Auth{OperatorKeyHash: s.OperatorKeyHash, Operators: s.OperatorKeys, Claims: httpapi.Claims{Role: s.RoleClaim, Name: s.NameClaim}},
		},
	}
	if s.PublicURL != "" {
		p.Trusted = append(p.Trusted, origin(s.PublicURL))
	}
	if s.Issuer != "" {
		p.Door.Issuer = &signin.Issuer{
			URL: s.Issuer, ClientID: s.ClientID, HTTP: client, Now: now, Public: func(r *http.Request) string { return origin(reached(s.PublicURL, r)) },
			Secret: func(ctx context.Context) (string, error) { return secrets.Value(ctx, secret.Client) },
		}
	}
	return p
}

// reached is an address that is set, or the one of the gateway that has handed the request over.
func reached(set string, r *http.Request) string {
	if set != "" {
		return strings.TrimSuffix(set, "/")
	}
	return "https://" + httpapi.Domain(r.Context())
}

// origin is an address without its path.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// Handler serves the routes of the function.
func (p *Process) Handler() http.Handler {
	foreign := http.NewCrossOriginProtection()
	for _, one := range p.Trusted {
		if err := foreign.AddTrustedOrigin(one); err != nil {
			panic(err) // the template has checked the address
		}
	}
	mux := new(httpapi.Router)
	for _, pattern := range []string{"GET " + view.Root, "GET " + view.Root + "/{rest+}", "POST " + view.Root + "/{rest+}"} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, foreign) })
	}
	return mux
}

// maxForm bounds what a form sends.
const maxForm = 4 << 20

func (p *Process) serve(w http.ResponseWriter, r *http.Request, foreign *http.CrossOriginProtection) {
	guard(w.Header())
	path := strings.Trim(strings.TrimPrefix(r.URL.Path, view.Root), "/")
	if address, is := strings.CutPrefix(path, asset.Root); is && r.Method == http.MethodGet {
		asset.Serve(w, r, address)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := foreign.Check(r); err != nil {
		http.Error(w, "a form of another site is not taken here", http.StatusForbidden)
		return
	}
	if !whole(w, r) {
		return
	}
	if own := unasked(r); own != "" { // before the door, which leads on to where a link says
		http.Redirect(w, r, own, http.StatusSeeOther)
		return
	}
	if !p.Door.Serve(w, r, path) {
		p.visit(w, r, path)
	}
}

// visit lets somebody who has signed in to a page, and leads everybody else to the door.
func (p *Process) visit(w http.ResponseWriter, r *http.Request, path string) {
	who, known, err := p.Door.Visitor(r)
	v := &view.Visit{Site: p.Site, W: w, R: r, Lang: signin.Language(r), Who: who.Caller, API: &api.Client{Base: p.API(r), HTTP: p.HTTP}, Row: view.Row{Path: path, Title: "frame.lost"}}
	switch {
	case err != nil:
		v.Fail(err)
		return
	case !known && r.Method == http.MethodPost:
		p.Door.Ended(w, r)
		return
	case !known:
		leave(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	v.R = r.WithContext(ctx)
	if v.API.Token, err = p.Door.Pass(r, who); err != nil {
		v.Fail(err)
		return
	}
	row, found := p.find(r.Method, path)
	if !found {
		v.Fail(&api.Fault{Status: http.StatusNotFound})
		return
	}
	if v.Row = row; !v.May(row.Least) {
		v.Fail(&api.Fault{Status: http.StatusForbidden})
		return
	}
	if err := row.Visit(v); err != nil {
		v.Fail(err)
	}
}

func (p *Process) find(method, path string) (view.Row, bool) {
	i := slices.IndexFunc(p.Site.Rows, func(r view.Row) bool { return r.Method == method && r.Path == path })
	if i < 0 {
		return view.Row{}, false
	}
	return p.Site.Rows[i], true
}

// leave leads to the door, and from there back to the page. A script that has asked for a part of a page is told to leave the page.
func leave(w http.ResponseWriter, r *http.Request) {
	to := view.Link(signin.In, "next", signin.Next(r.URL.RequestURI()))
	if r.Header.Get("HX-Request") == "true" {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}
