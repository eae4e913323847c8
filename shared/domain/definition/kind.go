package definition

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/fault"
)

// The kinds of definition, as they are filed.
const (
	Segment  = "segment"
	Campaign = "campaign"
	Template = "template"
	Program  = "program"
	Source   = "source"
	Settings = "setting"
)

// Kind is one kind of definition, whose documents say a T. A row of it is all that a new kind takes here.
type Kind[T any] struct {
	// Name is what it is filed under ("segment"), Plural its name in the API ("segments").
	Name, Plural string
	// parse reads a document that is about to be saved, with its id in it, and checks it by itself: fault.Faults with their places, above all for
	// fields that are unknown.
	parse func(body []byte) (T, error)
	// identify puts the id of the key into what was read.
	identify func(value *T, id string)
	// refers lists what it needs; nil for what needs nothing.
	refers func(T) []Reference
	// stands checks the rules in it beside the segments that there are; nil for what has no rules. What refers tells of without a place is told here.
	stands func(value T, segments []segment.Definition) error
	// audience is the segment that a preview of it estimates; nil for what reaches nobody.
	audience func(T) (segment.ID, error)
}

// Reference is what a definition needs to be there.
type Reference struct {
	Kind, ID string
	// Field is the place that names it, empty where stands tells of what is not there.
	Field string
	// unfit is why what is there is not what is needed, empty if it is; nil for what fits by being there.
	unfit func(Document) (string, error)
}

// Unfit is why the reference cannot be followed, empty if it can. found is nil where there is no such document.
func (r Reference) Unfit(found *Document) (reason string, err error) {
	if found == nil {
		return fmt.Sprintf("names the %s %s, which is not there", r.Kind, r.ID), nil
	}
	if r.unfit == nil {
		return "", nil
	}
	if reason, err = r.unfit(*found); reason != "" {
		reason = fmt.Sprintf("names the %s %s, which %s", r.Kind, r.ID, reason)
	}
	return reason, err
}

// Row is a kind for whoever asks all of them alike.
type Row interface {
	// Names are the kind, as it is filed, and its plural, as the API calls it.
	Names() (kind, plural string)
	// Shapes are the types that its documents say, by their ids; of a kind whose documents all say the same, the one under the empty id.
	Shapes() map[string]reflect.Type
	// HasID says that documents hold their id. Those of a kind without have it in their key alone.
	HasID() bool
	// Check judges a document that is about to be saved: fault.Faults where it is at fault, any other error where that could not be told. segments are those
	// that there are, asked for only where rules go by them. What it refers to with a Field is the caller's to look up.
	Check(id string, body []byte, segments func() ([]segment.Definition, error)) ([]Reference, error)
	// Needs says whether documents of the kind refer to others at all.
	Needs() bool
	// Refers lists what a saved document needs. An error says that this program cannot read it.
	Refers(Document) ([]Reference, error)
	// Reaches says whether documents of the kind have an audience.
	Reaches() bool
	// Audience is the segment whose size a preview estimates: fault.Faults where the document has none.
	Audience(Document) (segment.ID, error)
}

// Read reads a document that was saved: leniently, whoever has saved it.
func (k Kind[T]) Read(d Document) Saved[T] {
	value, err := read(d, lenient[T])
	k.identify(&value, d.ID)
	return Saved[T]{Document: d, Value: value, Err: err}
}

// Decode reads the body of a document that holds its id, as Read does.
func (k Kind[T]) Decode(body []byte) (T, error) { return lenient[T](body) }

// Names implements Row.
func (k Kind[T]) Names() (kind, plural string) { return k.Name, k.Plural }

// Shapes implements Row.
func (k Kind[T]) Shapes() map[string]reflect.Type {
	return map[string]reflect.Type{"": reflect.TypeFor[T]()}
}

// HasID implements Row.
func (k Kind[T]) HasID() bool { return true }

// Check implements Row.
func (k Kind[T]) Check(_ string, body []byte, segments func() ([]segment.Definition, error)) ([]Reference, error) {
	value, err := k.parse(body)
	faults, err := strictly(body, err)
	if err != nil {
		return nil, err
	}
	if k.stands != nil {
		all, err := segments()
		if err != nil {
			return nil, err
		}
		if err := faults.And(k.stands(value, all)); err != nil && !errors.As(err, &faults) {
			return nil, err
		}
	}
	return k.references(value), faults.Err()
}

// Needs implements Row.
func (k Kind[T]) Needs() bool { return k.refers != nil }

// Refers implements Row.
func (k Kind[T]) Refers(d Document) ([]Reference, error) {
	saved := k.Read(d)
	return k.references(saved.Value), saved.Err
}

func (k Kind[T]) references(value T) []Reference {
	if k.refers == nil {
		return nil
	}
	return slices.DeleteFunc(k.refers(value), func(r Reference) bool { return r.ID == "" })
}

// Reaches implements Row.
func (k Kind[T]) Reaches() bool { return k.audience != nil }

// Audience implements Row.
func (k Kind[T]) Audience(d Document) (segment.ID, error) {
	saved := k.Read(d)
	if saved.Err != nil {
		return "", saved.Err
	}
	return k.audience(saved.Value)
}

// strictly adds to the faults of a parse the names that stand twice in the document. An error that is no fault stays one.
func strictly(body []byte, parsed error) (faults fault.Faults, err error) {
	if parsed != nil && !errors.As(parsed, &faults) {
		return nil, parsed
	}
	return append(fault.Repeated(body), faults...), nil
}

// checked is the parse of a kind whose type says by itself what is wrong with it.
func checked[T interface{ Validate() error }](body []byte) (T, error) {
	var value T
	faults := fault.Decode(body, &value)
	return value, faults.And(value.Validate())
}
