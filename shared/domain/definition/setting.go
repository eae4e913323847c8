package definition

import (
	"fmt"
	"reflect"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// Setting is one document of the kind Settings, which says a T: each has an id of its own and stands alone.
type Setting[T any] struct {
	ID     string
	Absent T // what holds while none is saved
	// parse is Kind's.
	parse func(body []byte) (T, error)
	// read reads what was saved.
	read func(body []byte) (T, error)
}

// The settings that there are. Who goes by messaging or holdout goes by every word of it: the shop may have forbidden something in words that this program does not understand,
// so that what is unknown is an error, in reading too.
var (
	Messaging = Setting[delivery.Settings]{ID: delivery.SettingsID, Absent: delivery.DefaultSettings(), parse: delivery.ParseSettings, read: delivery.ParseSettings}
	Holdout   = Setting[delivery.Holdout]{ID: delivery.HoldoutID, parse: delivery.ParseHoldout, read: delivery.ParseHoldout}
	Scoring   = Setting[score.Scoring]{ID: score.ScoringSetting, Absent: score.DefaultScoring(), parse: checked[score.Scoring], read: scoring}
)

// Read is what a saved setting says.
func (s Setting[T]) Read(d Document) (T, error) { return read(d, s.read) }

func (s Setting[T]) shape() reflect.Type { return reflect.TypeFor[T]() }

func (s Setting[T]) check(body []byte) error {
	_, err := s.parse(body)
	return err
}

// scoring is a saved setting with its defaults. Numbers that cannot be are refused: what a run says by them would stand.
func scoring(body []byte) (score.Scoring, error) {
	s, err := lenient[score.Scoring](body)
	if err == nil {
		err = s.Validate()
	}
	return s.Filled(), err
}

// settings is the kind of all settings.
type settings struct{}

// Names implements Row.
func (settings) Names() (kind, plural string) { return Settings, "settings" }

// Shapes implements Row.
func (settings) Shapes() map[string]reflect.Type {
	return map[string]reflect.Type{Messaging.ID: Messaging.shape(), Holdout.ID: Holdout.shape(), Scoring.ID: Scoring.shape()}
}

// HasID implements Row.
func (settings) HasID() bool { return false }

// Check implements Row: a setting that nobody reads is refused.
func (settings) Check(id string, body []byte, _ func() ([]segment.Definition, error)) ([]Reference, error) {
	var err error
	switch id {
	case Messaging.ID:
		err = Messaging.check(body)
	case Holdout.ID:
		err = Holdout.check(body)
	case Scoring.ID:
		err = Scoring.check(body)
	default:
		err = fault.Faults{{Field: "id", Reason: fmt.Sprintf("is no setting: there are %s, %s and %s", Messaging.ID, Holdout.ID, Scoring.ID)}}
	}
	faults, err := strictly(body, err)
	if err != nil {
		return nil, err
	}
	return nil, faults.Err()
}

// Needs implements Row.
func (settings) Needs() bool { return false }

// Refers implements Row.
func (settings) Refers(Document) ([]Reference, error) { return nil, nil }

// Reaches implements Row.
func (settings) Reaches() bool { return false }

// Audience implements Row. No setting has one.
func (settings) Audience(Document) (segment.ID, error) { return "", nil }

// Stop is the kind of what POST /v1/stop has stopped. It is none of the table: nobody writes such a document, and there are no routes for it.
const Stop = "stop"

// ReadStop is what a saved stop says. What is unknown in it is an error, as in messaging.
func ReadStop(d Document) (delivery.Stop, error) { return read(d, delivery.ParseStop) }
