package sam

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Load reads and resolves the template at path. What is wrong with the template itself is a *Fault.
func Load(path string, env Environment) (*Template, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, &Fault{File: path, What: fmt.Sprintf("the template cannot be read (%v)", err), Do: "run in the folder that holds it, or name another with -template"}
	}
	return Parse(path, data, env)
}

// Parse resolves the text of a template; file is how faults name it.
func Parse(file string, data []byte, env Environment) (*Template, error) {
	d, err := open(file, data, env)
	if err != nil {
		return nil, err
	}
	t := d.decode()
	if d.fault != nil {
		return nil, d.fault
	}
	return t, nil
}

// open reads a template's parameters and resources, and decides what there is of them.
func open(file string, data []byte, env Environment) (*document, error) {
	d, err := written(file, data, env)
	if err != nil {
		return nil, err
	}
	d.readParameters()
	d.checkRules()
	d.checkGlobals()
	d.readResources()
	if d.fault != nil {
		return nil, d.fault
	}
	return d, nil
}

// Refusal is one thing that is wrong with the values of a template's parameters.
type Refusal struct {
	Parameter string // "" where a rule over several does not hold
	What      string
}

// Check says everything that is wrong with the parameters' values in env: of each parameter by itself and of each rule over several, and of those that are
// not declared. It returns the parameters as they would be. An error is a template that cannot be read.
func Check(file string, data []byte, env Environment) ([]Parameter, []Refusal, error) {
	d, err := written(file, data, env)
	if err != nil {
		return nil, nil, err
	}
	known, out, refused := map[string]bool{}, []Parameter{}, []Refusal{}
	for _, e := range d.entries(d.declared, "Parameters") {
		known[e.key.Value] = true
		p := d.parameter(e)
		if fault := d.take(); fault != nil {
			refused = append(refused, Refusal{p.Name, cmp.Or(p.Constraint, fault.What)})
		}
		out = append(out, p)
	}
	for name := range env.Parameters {
		if !known[name] {
			refused = append(refused, Refusal{name, "is no parameter of " + file})
		}
	}
	for _, e := range d.entries(d.rules, "Rules") {
		for _, broken := range d.broken(e) {
			refused = append(refused, Refusal{"", broken})
		}
		if fault := d.take(); fault != nil {
			return nil, nil, fault
		}
	}
	return out, refused, nil
}
