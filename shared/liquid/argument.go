package liquid

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"time"

	"github.com/userops/userops/shared/domain/money"
)

// A filter's parameters tell what it takes, so that what can be seen of its arguments without anybody's values is checked when a
// template is saved: how many there are, and whether those written out are of the kind.

// checkFilter says what is wrong with a filter's call: the value that it is applied to, empty if it comes out of another filter, and
// its arguments, each as it is written.
func checkFilter(name, receiver string, arguments []string) error {
	t := reflect.TypeOf(filterTable[name])
	most, least := t.NumIn()-1, 0
	for i := 1; i <= most; i++ {
		if !optional(t.In(i)) {
			least = i
		}
	}
	if n := len(arguments); n < least || n > most {
		return fmt.Errorf("filter %q takes %s, not %d", name, howMany(least, most), n)
	}
	if err := checkLiteral(receiver, t.In(0)); err != nil {
		return fmt.Errorf("filter %q cannot be applied to %s: %w", name, receiver, err)
	}
	for i, argument := range arguments {
		err := checkLiteral(argument, t.In(i+1))
		if check := textChecks[name]; err == nil && i < len(check) {
			if value, known := literal(argument); known {
				err = check[i](fmt.Sprint(value))
			}
		}
		if err != nil {
			return fmt.Errorf("filter %q, argument %d: %w", name, i+1, err)
		}
	}
	return nil
}

// textChecks are for arguments that are texts of a kind of their own.
var textChecks = map[string][]func(string) error{
	"date":  {checkLayout, func(name string) error { _, err := zoneNamed(name); return err }},
	"money": {func(code string) error { _, err := money.ParseCurrency(code); return err }},
}

func howMany(least, most int) string {
	switch {
	case most == 0:
		return "no argument"
	case least == most && most == 1:
		return "1 argument"
	case least == most:
		return fmt.Sprintf("%d arguments", most)
	}
	return fmt.Sprintf("%d to %d arguments", least, most)
}

func optional(t reflect.Type) bool { return t.Kind() == reflect.Func }

var (
	errList  = errors.New("it is not a list")
	errWhole = errors.New("it is not a whole number")
)

// checkLiteral says why a parameter of a type cannot take a literal of the source. It passes any other expression: rendering finds its value.
func checkLiteral(written string, t reflect.Type) error {
	value, known := literal(written)
	if !known {
		return nil
	}
	if optional(t) {
		t = t.Out(0)
	}
	text, _ := value.(string)
	switch t {
	case reflect.TypeFor[list]():
		return errList
	case reflect.TypeFor[numeric]():
		_, err := decimal(value)
		return err
	case reflect.TypeFor[divisor]():
		y, err := decimal(value)
		if err == nil && y.Sign() == 0 {
			err = errDivide
		}
		return err
	case reflect.TypeFor[instant]():
		_, err := timeOf(value, time.UTC)
		return err
	}
	if t.Kind() == reflect.Int {
		if _, whole := value.(int); whole {
			return nil
		}
		if _, err := strconv.Atoi(text); err != nil {
			return errWhole
		}
	}
	return nil
}

// literal is a text, a number, true or false that is written out in a template.
func literal(written string) (value any, ok bool) {
	switch {
	case written == "":
		return nil, false
	case written == "true" || written == "false":
		return written == "true", true
	case written[0] == '"' || written[0] == '\'':
		return written[1 : len(written)-1], true
	}
	if n, err := strconv.Atoi(written); err == nil {
		return n, true
	}
	if written[0] == '-' || written[0] >= '0' && written[0] <= '9' {
		if f, err := strconv.ParseFloat(written, 64); err == nil {
			return f, true
		}
	}
	return nil, false
}

// lexeme splits an expression into texts, numbers, names and signs.
var lexeme = regexp.MustCompile(`"[^"]*"|'[^']*'|-?\d+(?:\.\d+)?|[A-Za-z_][\w-]*\??|\.\.|[=!<>]=|[^\s]`)

// checkFilters checks every filter that an expression applies.
func checkFilters(source string) error {
	words := lexeme.FindAllString(source, -1)
	applied, before := -1, "" // where the filter before ended, and which it was
	for i, word := range words {
		if word != "|" || i+1 == len(words) || filterTable[words[i+1]] == nil {
			continue
		}
		name, receiver := words[i+1], ""
		if i > 0 && i != applied && (i == 1 || begins[words[i-2]]) {
			receiver = words[i-1]
		}
		arguments, end := argumentsAt(words, i+2)
		if err := checkFilter(name, receiver, arguments); err != nil {
			return err
		}
		if i == applied {
			if err := takes(name, before); err != nil {
				return fmt.Errorf("filter %q cannot be applied to what %q gives: %w", name, before, err)
			}
		}
		applied, before = end, name
	}
	return nil
}

// takes says why a filter can never take what another one gives.
func takes(name, from string) error {
	in, out := reflect.TypeOf(filterTable[name]).In(0), reflect.TypeOf(filterTable[from]).Out(0)
	isList := out.Kind() == reflect.Slice
	switch {
	case in == reflect.TypeFor[list]() && (out.Kind() == reflect.String || out.Kind() == reflect.Int):
		return errList
	case isList && (in == reflect.TypeFor[numeric]() || in == reflect.TypeFor[divisor]()):
		return errNumber
	case isList && in == reflect.TypeFor[instant]():
		return errTime
	}
	return nil
}

// begins are the words after which a value begins.
var begins = map[string]bool{"(": true, "and": true, "or": true, "in": true, "=": true}

// argumentsAt reads the arguments of a filter whose name ends before i, and where they end. One that is more than a word is a
// question mark: nothing is known of it.
func argumentsAt(words []string, i int) (arguments []string, end int) {
	if i >= len(words) || words[i] != ":" {
		return nil, i
	}
	var argument []string
	add := func() {
		if len(argument) == 1 {
			arguments = append(arguments, argument[0])
		} else if len(argument) > 1 {
			arguments = append(arguments, "?")
		}
		argument = nil
	}
	depth := 0
	for i++; i < len(words); i++ {
		switch word := words[i]; {
		case word == "(" || word == "[":
			depth++
		case depth > 0 && (word == ")" || word == "]"):
			depth--
		case depth > 0:
		case word == ",":
			add()
			continue
		case word == "|" || word == ")" || word == "]" || word == "and" || word == "or" || word == "reversed" || i+1 < len(words) && words[i+1] == ":":
			add()
			return arguments, i
		}
		argument = append(argument, words[i])
	}
	add()
	return arguments, i
}
