package delivery

import (
	"fmt"
	"testing"
	"time"
)

func TestStepsOfEntriesAgain(t *testing.T) {
	for step, want := range map[string]string{
		"once":                          "once~1 []",
		"once~1":                        "once~2 [once]",
		"once~9":                        "once~10 [once~8 once~7 once~6 once~5 once~4 once~3 once~2 once~1 once]",
		"p-_9.3.0":                      "p-_9.3.0~1 []",
		"audience@2026-11-27T02:00:00Z": "audience@2026-11-27T02:00:00Z~1 []",
		"a~b":                           "a~b~1 []",
		"a~0":                           "a~0~1 []",
		"a~-1":                          "a~-1~1 []",
		"a~b~1":                         "a~b~2 [a~b]",
	} {
		if got := fmt.Sprint(StepAgain(step), " ", FormerSteps(step)); got != want {
			t.Errorf("%s: %s, want %s", step, got, want)
		}
	}
	if former := FormerSteps("x~1000"); len(former) != maxFormer || former[0] != "x~999" {
		t.Errorf("of a thousand entries %d are looked at, from %s on", len(former), former[0])
	}
	// The audience's own count stays what it was: who was entered again is counted beside it.
	at := time.Date(2026, 11, 27, 2, 0, 0, 0, time.UTC)
	if SendingOf(AudienceStep(at)) == SendingOf(StepAgain(AudienceStep(at))) {
		t.Error("an entry again is counted as one of the audience")
	}
}
