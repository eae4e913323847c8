package delivery

import (
	"strconv"
	"strings"
	"time"
)

const (
	// audienceStep is what the step of a campaign begins with that speaks to an audience.
	audienceStep = "audience@"
	// againMark stands between a step and how often it was entered again. No step has it for another reason.
	againMark = "~"
)

// AudienceStep is the step of what is sent to the audience of a time.
func AudienceStep(at time.Time) string { return audienceStep + at.UTC().Format(time.RFC3339) }

// SendingOf is the time of the audience that a step is of, as the step has it; empty for one that a person's own news has started. What was entered again has one of its own, whose FirstStep is the first one.
func SendingOf(step string) string {
	at, is := strings.CutPrefix(step, audienceStep)
	if !is {
		return ""
	}
	return at
}

// StepAgain is the step of the entry that follows when the one of a step is entered again: "once" is followed by "once~1", and that by "once~2". It does not tell of the person, so that those of
// people who were merged since are one.
func StepAgain(step string) string {
	first, n := FirstStep(step)
	return first + againMark + strconv.Itoa(n+1)
}

// FirstStep is the step that a step began as, and how often it was entered again.
func FirstStep(step string) (first string, again int) {
	at := strings.LastIndex(step, againMark)
	if at < 0 {
		return step, 0
	}
	n, err := strconv.Atoi(step[at+len(againMark):])
	if err != nil || n < 1 {
		return step, 0
	}
	return step[:at], n
}

// maxFormer bounds how many entries are looked back to.
const maxFormer = 20

// FormerSteps are the steps of the entries that a step follows, the last one first; none for a first entry.
func FormerSteps(step string) (former []string) {
	first, n := FirstStep(step)
	for n--; n >= 0 && len(former) < maxFormer; n-- {
		one := first
		if n > 0 {
			one += againMark + strconv.Itoa(n)
		}
		former = append(former, one)
	}
	return former
}
