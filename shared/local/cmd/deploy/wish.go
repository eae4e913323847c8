package main

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// wish is what somebody asks for.
type wish struct {
	stack, region string
	values        map[string]string // parameters of the template, by name
	keys          map[string]string // keys in clear, by whose they are; "" for none
	rotate        map[string]bool   // whose key gives way to a drawn one
	retire        map[string]bool   // whose key before ends
	only          bool              // to check, and nothing else
	help          bool
	secret        []string // names of variables that no child process gets
}

// The holders of keys, as the command line names them.
const (
	server   = "server"
	operator = "operator"
	writer   = "write"
)

// keyOf are the variables that hold a key in clear.
var keyOf = map[string]string{"SERVER_KEY": server, "OPERATOR_KEY": operator, "WRITE_KEY": writer}

// variables are what this program reads itself; all else names parameters.
var variables = []string{"STACK", "REGION", "PARAMETERS", "SERVER_KEY", "OPERATOR_KEY", "WRITE_KEY", "ROTATE", "RETIRE", "CHECK"}

var (
	stackName     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,99}$`)
	regionName    = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	parameterName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
)

// read takes the arguments Name=value, and what make was given on its command line: make hands that on as variables of the environment, and says in MAKEFLAGS
// which those are. Other variables of the environment are no parameters, so that none gets in by chance.
func read(arguments, environment []string) (wish, []string) {
	values := map[string]string{}
	for _, entry := range environment {
		name, value, _ := strings.Cut(entry, "=")
		values[name] = value
	}
	w := wish{values: map[string]string{}, keys: map[string]string{}}
	var faults []string
	given := map[string]string{}
	for _, name := range variables {
		if values[name] != "" {
			given[name] = values[name]
		}
	}
	for _, name := range definedOn(values["MAKEFLAGS"]) {
		given[name] = values[name]
	}
	for _, argument := range arguments {
		name, value, assigned := strings.Cut(argument, "=")
		switch {
		case slices.Contains([]string{"-h", "-help", "--help", "help"}, argument):
			w.help = true
		case !assigned:
			faults = append(faults, fmt.Sprintf("%q is not Name=value", argument))
		case keyOf[name] != "":
			faults = append(faults, name+" stands among the arguments, where everybody on this machine can read it: give it as a variable of the environment")
		default:
			given[name] = value
		}
	}
	if file := given["PARAMETERS"]; file != "" {
		lines, wrong := readFile(file)
		w.values, faults = lines, append(faults, wrong...)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := given[name]
		switch {
		case name == "STACK":
			w.stack = value
		case name == "REGION":
			w.region = value
		case name == "PARAMETERS":
		case name == "CHECK":
			w.only = value != "" && value != "0"
		case name == "ROTATE" || name == "RETIRE":
			whose, wrong := holders(name, value)
			faults = append(faults, wrong...)
			if name == "ROTATE" {
				w.rotate = whose
			} else {
				w.retire = whose
			}
		case keyOf[name] != "":
			w.keys[keyOf[name]] = value
		case name == "ARCH":
			faults = append(faults, "ARCH is said by the parameter Architecture: Architecture=arm64 or Architecture=x86_64")
		default:
			w.values[name] = value
		}
		w.secret = append(w.secret, name)
	}
	if !stackName.MatchString(w.stack) {
		faults = append(faults, fmt.Sprintf("STACK is %q: name the stack with a letter and up to 99 more letters, digits or hyphens, as STACK=shop", w.stack))
	}
	for name, value := range w.values {
		if strings.ContainsAny(value, "\\\n\r") {
			faults = append(faults, name+" has a backslash or a line break, which sam does not hand on")
		}
	}
	return w, faults
}

// definedOn lists the names that were given values on make's command line: MAKEFLAGS ends in -- and the definitions, with a backslash before each blank in them.
func definedOn(flags string) []string {
	var words []string
	word, escaped, any := strings.Builder{}, false, false
	for _, r := range flags + " " {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped, any = true, true
		case r == ' ' || r == '\t':
			if any {
				words = append(words, word.String())
			}
			word.Reset()
			any = false
		default:
			word.WriteRune(r)
			any = true
		}
	}
	if i := slices.Index(words, "--"); i >= 0 {
		words = words[i+1:]
	}
	var names []string
	for _, w := range words {
		if name, _, defined := strings.Cut(w, "="); defined && !strings.HasPrefix(w, "-") {
			names = append(names, strings.TrimRight(name, ":+?"))
		}
	}
	return names
}

func holders(name, value string) (map[string]bool, []string) {
	whose := map[string]bool{}
	var faults []string
	for _, holder := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }) {
		if holder != server && holder != operator {
			faults = append(faults, fmt.Sprintf("%s is %q: it names server, operator or both with a comma between them", name, value))
			continue
		}
		whose[holder] = true
	}
	return whose, faults
}

// readFile reads lines Name=value; empty ones and those that begin with # say nothing.
func readFile(path string) (map[string]string, []string) {
	values := map[string]string{}
	text, err := os.ReadFile(path)
	if err != nil {
		return values, []string{fmt.Sprintf("the file of parameters is not read: %v", err)}
	}
	var faults []string
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		name, value, assigned := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		_, twice := values[name]
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case keyOf[name] != "":
			faults = append(faults, fmt.Sprintf("%s:%d: %s does not belong into a file: it is given as a variable of the environment", path, i+1, name))
		case !assigned || !parameterName.MatchString(name):
			faults = append(faults, fmt.Sprintf("%s:%d: is not Name=value with the name of a parameter", path, i+1))
		case twice:
			faults = append(faults, fmt.Sprintf("%s:%d: %s is given twice", path, i+1, name))
		default:
			values[name] = strings.TrimSpace(value)
		}
	}
	return values, faults
}

// clean is the environment without what was asked for: make's own variables repeat it, keys in clear among it.
func clean(environment []string, w wish) []string {
	hidden := append([]string{"MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "SERVER_KEY", "OPERATOR_KEY", "WRITE_KEY"}, w.secret...)
	out := slices.DeleteFunc(slices.Clone(environment), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(hidden, name)
	})
	return append(out, "AWS_PAGER=")
}
