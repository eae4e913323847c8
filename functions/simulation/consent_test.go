package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
)

// spoken is a word about consent that was written to a person's timeline, with the moment of the commit that it came by.
type spoken struct {
	id                string
	about             string // a channel, a channel and "/service", or "profiling"
	granted           bool
	proof             proof // empty of a word that no client of ours has sent
	received, claimed time.Time
	of                string // key of the profile that it was committed to
	committed         time.Time
}

// proof is by whom a consent was said, where and to which text.
type proof struct{ By, Source, TextVersion string }

// sight is what one attempt of dispatch saw: when the profile was read, and when the contact record was last read or written.
type sight struct {
	profile             string
	profileAt, recordAt time.Time
}

// gaze is what a goroutine of dispatch has read. It goes through its notifications one after the other.
type gaze struct {
	profiles map[string]time.Time // by key, when it was last read
	looks    []sight              // since the last decision
}

// denial is a decision to send nothing, for now or at all, with the looks that it may rest on.
type denial struct {
	NotificationID, ProfileID, CampaignID, Channel, Outcome, Reason, Detail string

	looks []sight
	at    time.Time // when it was recorded
}

// consents is what the judge sees of consent while it happens.
type consents struct {
	w       *world
	words   []spoken
	known   map[string]bool // words by id, commit and receipt
	gazes   map[string]*gaze
	denials []denial

	timeline people.Timeline // without the world: no time passes, nothing fails
}

func newConsents(w *world) *consents {
	db := dynamodb.NewFromConfig(aws.Config{Region: "us-east-1", Credentials: aws.AnonymousCredentials{}, HTTPClient: peek{w}},
		func(o *dynamodb.Options) { o.BaseEndpoint = aws.String("http://dynamodb.sim") })
	return &consents{w: w, known: map[string]bool{}, gazes: map[string]*gaze{}, timeline: people.Timeline{DB: db, Table: w.table("Timeline")}}
}

// peek is a transport that lies outside of the simulated world.
type peek struct{ w *world }

func (p peek) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	check(err)
	answer := serve(p.w.db, r.Header.Get("X-Amz-Target"), body)
	return &http.Response{StatusCode: answer.status, Header: answer.header, ContentLength: int64(len(answer.body)), Body: io.NopCloser(bytes.NewReader(answer.body)), Request: r}, nil
}

// speaksOfConsent says whether a job may carry a word about consent.
func speaksOfConsent(payload []byte) bool {
	return bytes.Contains(payload, []byte("Consent ")) || bytes.Contains(payload, []byte("Unsubscribed"))
}

// packed looks what words the packs have brought that a call has just written to the timeline.
func (c *consents) packed(inv *invocation, q request) {
	if q.where != "Timeline" || inv == nil || !inv.speaks {
		return
	}
	for _, p := range packsIn(q) {
		events, err := c.timeline.Packed(context.Background(), p.key, p.day, p.version)
		check(err)
		for _, e := range events {
			c.heard(e.Event, p)
		}
	}
}

// pack names the events of one day that one commit brought.
type pack struct {
	key     profile.ID
	day     profile.Day
	version int64
}

// packsIn are the packs that a call writes.
func packsIn(q request) (packs []pack) {
	var d document
	check(json.Unmarshal(q.body, &d))
	items := []map[string]attribute{d.Item}
	for _, list := range d.RequestItems {
		var writes []struct {
			PutRequest struct{ Item map[string]attribute }
		}
		check(json.Unmarshal(list, &writes))
		for _, put := range writes {
			items = append(items, put.PutRequest.Item)
		}
	}
	for _, item := range items {
		if parts := strings.Split(item["sk"].S, "#"); len(parts) > 1 {
			day, err := time.Parse("20060102", parts[0])
			check(err)
			version, err := strconv.ParseInt(parts[1], 10, 64)
			check(err)
			packs = append(packs, pack{profile.ID(item["pk"].S), profile.DayOf(day), version})
		}
	}
	return packs
}

// heard notes a word of a pack, once for each commit: a job that comes twice may bring it to who was erased meanwhile, and to who came back.
func (c *consents) heard(e event.Event, of pack) {
	if e.Kind != event.Track || e.Name != event.ConsentGranted && e.Name != event.ConsentRevoked && e.Name != event.Unsubscribed {
		return
	}
	said := c.w.model.find(e.MessageID)
	if said != nil && said.forged && !said.own {
		return // nobody's word about a userId that it only claims
	}
	name := fmt.Sprintf("%s of %s.%d %s", e.MessageID, of.key, of.version, e.ReceivedAt)
	if c.known[name] {
		return
	}
	c.known[name] = true
	var properties struct{ Channel, Purpose, TextVersion string }
	check(json.Unmarshal(e.Properties, &properties))
	claimed := e.Timestamp
	if claimed.After(e.ReceivedAt) {
		claimed = e.ReceivedAt
	}
	about := strings.ToLower(strings.TrimSpace(properties.Channel))
	switch properties.Purpose {
	case "profiling":
		about = "profiling"
	case "service":
		about += "/service"
	}
	var shown proof
	if said != nil && !said.hook {
		shown = proof{said.level(), said.Source, properties.TextVersion}
	}
	if shown.By == "public" {
		claimed = e.ReceivedAt // of a page nothing else is known to be true
	}
	word := spoken{id: e.MessageID, about: about, proof: shown, granted: e.Name == event.ConsentGranted,
		received: e.ReceivedAt, claimed: claimed, of: string(of.key), committed: c.w.watch.written(string(of.key), of.version)}
	c.words = append(c.words, word)
	c.w.tell("consent: %s of %s over %s, granted %v, received %s, committed %s", word.id, word.of, word.about, word.granted, clock(word.received), clock(word.committed))
}

// goroutine names the one that asks.
func goroutine() string {
	var head [40]byte
	name, _, _ := bytes.Cut(head[:runtime.Stack(head[:], false)], []byte(" ["))
	return string(name)
}

// saw notes what a worker of dispatch was answered.
func (c *consents) saw(inv *invocation, q request) {
	if inv.function != "dispatch" || q.op != "GetItem" && q.op != "PutItem" {
		return
	}
	g := c.gazes[goroutine()]
	if g == nil {
		g = &gaze{profiles: map[string]time.Time{}}
		c.gazes[goroutine()] = g
	}
	key, what, _ := strings.Cut(q.key, "/")
	switch {
	case q.where == "Profiles" && q.op == "GetItem" && what == "p":
		g.profiles[strings.TrimPrefix(key, "p#")] = time.Now()
	case q.where == "Deliveries" && what == "contact" && q.op == "GetItem":
		at, read := g.profiles[key]
		if !read {
			at = time.Now() // whoever remembers a profile is held to what it says now
		}
		g.looks = append(g.looks, sight{key, at, time.Now()})
	case q.where == "Deliveries" && what == "contact":
		if last := g.last(key); last != nil {
			last.recordAt = time.Now()
		}
	case q.where == "Deliveries" && strings.HasPrefix(what, "d#"):
		c.decided(g, q)
	}
}

// decided notes a decision to send nothing.
func (c *consents) decided(g *gaze, q request) {
	var d document
	check(json.Unmarshal(q.body, &d))
	made := denial{looks: g.looks, at: time.Now()}
	if json.Unmarshal([]byte(d.Item["b"].S), &made) == nil && (made.Outcome == "skipped" || made.Outcome == "deferred") {
		c.denials = append(c.denials, made)
	}
	g.looks, g.profiles = nil, map[string]time.Time{}
}

// lastLook is the one that the sending of the goroutine rests on.
func (c *consents) lastLook(profile string) sight {
	if g := c.gazes[goroutine()]; g != nil && g.last(profile) != nil {
		return *g.last(profile)
	}
	return sight{}
}

// last is the newest look at a profile, nil if there was none.
func (g *gaze) last(profile string) *sight {
	for i := len(g.looks) - 1; i >= 0; i-- {
		if g.looks[i].profile == profile {
			return &g.looks[i]
		}
	}
	return nil
}
