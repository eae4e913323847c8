package liquid

// checkOutputs looks for outputs where no value may stand, before a template is saved. Every branch of a condition is checked from the context
// in which the condition begins, and what follows the condition from the context in which its first branch ends. Faults that only show with
// the values, such as those of another branch, are found by rendering.
func checkOutputs(list []node, h *htmlContext) error {
	branches := func(bodies ...[]node) error {
		start := *h
		for i, body := range bodies {
			q := start
			if err := checkOutputs(body, &q); err != nil {
				return err
			}
			if i == 0 {
				*h = q
			}
		}
		return nil
	}
	for _, n := range list {
		var err error
		switch n := n.(type) {
		case text:
			h.feed(string(n))
		case output:
			if err = h.check(); err != nil {
				return sourceError{n.line, err.Error()}
			}
			if h.in == beforeValue {
				h.in = valued
			}
		case capture:
			var own htmlContext
			err = checkOutputs(n.body, &own)
		case conditional:
			bodies := make([][]node, len(n))
			for i := range n {
				bodies[i] = n[i].body
			}
			err = branches(bodies...)
		case choice:
			bodies := make([][]node, len(n.whens))
			for i := range n.whens {
				bodies[i] = n.whens[i].body
			}
			err = branches(bodies...)
		case loop:
			err = branches(n.body, n.empty)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
