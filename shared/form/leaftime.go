package form

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/span"
)

// spanWords are the units of a length of time as they are said in Chinese, the longer ones first.
var spanWords = strings.NewReplacer("小时", "h", "分钟", "m", "天", "d", "日", "d", "时", "h", "分", "m", "秒", "s", " ", "")

func writeSpan(t Typed, _ Shop) (json.RawMessage, string) {
	typed := spanWords.Replace(number(t.Text))
	if typed == "" {
		return nil, ""
	}
	if _, err := span.Parse(typed); err != nil {
		return nil, err.Error()
	}
	return text(typed), ""
}

func writeClock(t Typed, _ Shop) (json.RawMessage, string) {
	typed := number(t.Text)
	if typed == "" {
		return nil, ""
	}
	if err := new(delivery.Clock).UnmarshalText([]byte(typed)); err != nil {
		return nil, err.Error()
	}
	return text(typed), ""
}

// local are the forms in which a time of the shop's clock is read; the first one that tells a time is the one in which it is shown.
var local = []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02T15:04:05.999999999"}

// notMoment is why something is no time.
const notMoment = "is not a date with a time such as 2026-11-27T10:00"

func showMoment(raw json.RawMessage, s Shop) (Typed, bool) {
	typed, _ := textIn(raw)
	at, err := time.Parse(time.RFC3339Nano, typed)
	if err != nil {
		return Typed{}, false
	}
	return Typed{Text: shownTime(at, s)}, true
}

// shownTime is a time by the shop's clock.
func shownTime(at time.Time, s Shop) string {
	at = at.In(s.Zone)
	for _, layout := range local {
		if shown := at.Format(layout); sameTime(shown, layout, at, s) {
			return shown
		}
	}
	return at.Format(local[len(local)-1])
}

func sameTime(shown, layout string, at time.Time, s Shop) bool {
	again, err := time.ParseInLocation(layout, shown, s.Zone)
	return err == nil && again.Equal(at)
}

func writeMoment(t Typed, s Shop) (json.RawMessage, string) {
	typed := strings.Replace(number(t.Text), " ", "T", 1)
	if typed == "" {
		return nil, ""
	}
	at, reason := moment(typed, s)
	if reason != "" {
		return nil, reason
	}
	return text(at.UTC().Format(time.RFC3339Nano)), ""
}

// moment is a time by the shop's clock, or one that names its zone.
func moment(typed string, s Shop) (time.Time, string) {
	if at, err := time.Parse(time.RFC3339Nano, typed); err == nil {
		return at, ""
	}
	for _, layout := range local {
		at, err := time.ParseInLocation(layout, typed, s.Zone)
		if err != nil {
			continue
		}
		if at.Format("2006-01-02T15:04") != typed[:len(local[0])] {
			return at, "is a time that the shop's clock leaps over"
		}
		return at, ""
	}
	return time.Time{}, notMoment
}
