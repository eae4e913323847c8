// Package settings turns a function's environment into a typed struct, once, at its start. It is not a configuration store:
// what operators change while the system runs is a definition in the Catalog. The surprising thing: it reports every fault
// at once, so that a deployment with three wrong values is mended in one go.
package settings

import (
	"encoding"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"time"
	_ "time/tzdata" // the image of provided.al2023 is not sure to hold the zones

	// The runtime image of the functions has no time zone database.
	_ "time/tzdata"

	"github.com/userops/userops/shared/domain/money"
)

// Fault is one setting that cannot be used. Its text names the variable and never repeats the value, which may be a secret.
type Fault struct{ Name, Reason string }

// Error is the variable's name and what is wrong with it.
func (f Fault) Error() string { return f.Name + " " + f.Reason }

// Load fills the struct that s points to from the environment of the process.
func Load(s any) error { return From(os.Getenv, s) }

// From fills the struct that s points to from an environment, which is asked by name and has empty what is not set. A field tagged `env:"NAME"` is required unless it also has the
// tag `default:"..."` (which may be empty); a variable that is set but empty counts as not set. Fields may be string, int,
// bool, time.Duration ("90s"), *time.Location (a tzdata name), money.Currency or what reads itself from a text (encoding.TextUnmarshaler). All faults come back joined in one error. A struct without a tag
// is filled in its turn.
func From(environment func(name string) string, s any) error {
	v := reflect.ValueOf(s)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("loading settings: %T is not a pointer to a struct", s)
	}
	return load(environment, v.Elem())
}

func load(environment func(string) string, v reflect.Value) error {
	var faults []error
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, ok := field.Tag.Lookup("env")
		if !ok {
			if v.Field(i).Kind() == reflect.Struct {
				faults = append(faults, load(environment, v.Field(i)))
			}
			continue
		}
		text := environment(name)
		if text == "" {
			if text, ok = field.Tag.Lookup("default"); !ok {
				faults = append(faults, Fault{name, "is not set"})
				continue
			}
		}
		if err := set(v.Field(i), text); err != nil {
			faults = append(faults, Fault{name, err.Error()})
		}
	}
	return errors.Join(faults...)
}

// Names are the variables that Load reads for a struct of the type of s.
func Names(s any) (names []string) {
	t := reflect.TypeOf(s)
	for i := range t.NumField() {
		field := t.Field(i)
		if name, ok := field.Tag.Lookup("env"); ok {
			names = append(names, name)
		} else if field.Type.Kind() == reflect.Struct {
			names = append(names, Names(reflect.Zero(field.Type).Interface())...)
		}
	}
	return names
}

func set(field reflect.Value, text string) error {
	switch p := field.Addr().Interface().(type) {
	case *string:
		*p = text
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return errors.New("is not a whole number")
		}
		*p = n
	case *bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("is neither true nor false")
		}
		*p = b
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return errors.New("is not a duration such as 90s or 5m")
		}
		*p = d
	case **time.Location:
		l, err := time.LoadLocation(text)
		if err != nil {
			return errors.New("is not a time zone name such as Asia/Shanghai")
		}
		*p = l
	case *money.Currency:
		c, err := money.ParseCurrency(text)
		if err != nil {
			return err
		}
		*p = c
	case encoding.TextUnmarshaler:
		return p.UnmarshalText([]byte(text))
	default:
		return fmt.Errorf("has a field of type %s, which settings do not support", field.Type())
	}
	return nil
}
