package redrive

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatJobsTell holds what an operator hears of each job to the frozen samples. It is nothing that somebody has sent.
func TestWhatJobsTell(t *testing.T) {
	for file, c := range map[string]struct{ queue, want string }{
		"events":                 {"events", `{"kind":"events","count":4,"source":"web"}`},
		"command-erase":          {"events", `{"kind":"erase","profileId":"gbOBfCNI2WeriD7lUXFExQ"}`},
		"command-order":          {"events", `{"kind":"order","profileId":"gbOBfCNI2WeriD7lUXFExQ"}`},
		"segmentation-plan":      {"segmentation", `{"kind":"plan","run":"run-1"}`},
		"segmentation-audience":  {"segmentation", `{"kind":"audience","campaign":"thanks","run":"run-1"}`},
		"orchestration-follows":  {"orchestration", `{"kind":"event","count":3,"profileId":"p"}`},
		"orchestration-audience": {"orchestration", `{"kind":"audience","count":2,"campaign":"thanks","run":"run-1"}`},
		"orchestration-reentry":  {"orchestration", `{"kind":"reentry","campaign":"thanks"}`},
		"follows":                {"settlement", `{"kind":"order","count":2,"profileId":"p"}`},
		"notifications":          {"notifications", `{"kind":"notifications","count":1,"campaign":"thanks","profileId":"p"}`},
	} {
		body, err := os.ReadFile(filepath.Join("..", "..", "shared", "job", "testdata", file+".json"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(tellOf(c.queue, body))
		if err != nil || string(got) != c.want {
			t.Errorf("%s tells %s, want %s\n%s", file, got, c.want, body)
		}
	}
	for body, c := range map[string]struct{ queue, want string }{
		`{`:  {"events", `{"kind":"unreadable"}`},
		`[]`: {"settlement", `{"kind":"unreadable"}`},
		`{"events":[{"type":"track","userId":"secret","event":"secret","properties":{"a":"secret"}},{"anonymousId":"secret"}],"source":"web"}`: {"events", `{"kind":"events","count":2,"source":"web"}`},
		`{"source":"web","events":[]}`: {"events", `{"kind":"nothing","source":"web"}`},
		`{"follows":[]}`:               {"settlement", `{"kind":"nothing"}`},
		`{"notifications":[]}`:         {"notifications", `{"kind":"nothing"}`},
		`{"follows":[{"kind":"signup","profileId":"A","ref":"secret"},{"kind":"order","profileId":"B","ref":"secret"}]}`: {"orchestration", `{"kind":"signup","count":2}`},
		`{"notifications":[{"profileId":"A","campaignId":"c","eventId":"secret"},{"profileId":"A","campaignId":"c"}]}`:   {"notifications", `{"kind":"notifications","count":2,"campaign":"c","profileId":"A"}`},
		`{"notifications":[{"profileId":"A","campaignId":"c","eventName":"secret"},{"profileId":"B","campaignId":"d"}]}`: {"notifications", `{"kind":"notifications","count":2}`},
		`{"audience":{"id":"i","campaignId":"c","runId":"r","segmentId":"s","profiles":["A","B"]}}`:                      {"orchestration", `{"kind":"audience","count":2,"campaign":"c","run":"r"}`},
		`{"command":{"id":"i","kind":"takeOff","profileId":"A","device":"secret","at":"2026-11-21T08:00:00Z"}}`:          {"events", `{"kind":"takeOff","profileId":"A"}`},
		`{"packs":[{"profileId":"A","day":1,"body":"c2VjcmV0"},{"profileId":"A","day":2,"body":""}]}`:                    {"archive", `{"kind":"packs","count":2,"profileId":"A"}`},
		`{"packs":[{"profileId":"A","day":1,"body":""},{"profileId":"B","day":1,"body":""}]}`:                            {"archive", `{"kind":"packs","count":2}`},
		`{"merges":[{"profileId":"A"}]}`: {"archive", `{"kind":"merges","count":1}`},
		`{"report":"00ff","shard":3}`:    {"reporting", `{"kind":"report","report":"00ff"}`},
		`{"shard":3}`:                    {"reporting", `{"kind":"nothing"}`},
		`{"packs":null}`:                 {"archive", `{"kind":"nothing"}`},
		`{"runId":"r"}`:                  {"segmentation", `{"kind":"unreadable"}`},
		`{} `:                            {"nothing", `{"kind":"unreadable"}`},
	} {
		got, err := json.Marshal(tellOf(c.queue, []byte(body)))
		if err != nil || string(got) != c.want || strings.Contains(string(got), "secret") {
			t.Errorf("%s tells %s, want %s", body, got, c.want)
		}
	}
}
