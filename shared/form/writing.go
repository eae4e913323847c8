package form

import "github.com/userops/userops/shared/domain/fault"

// writing makes a document of a form, and notes at each place what cannot be.
type writing struct {
	shop   Shop
	faults fault.Faults
}

// fault notes why what was typed at a place is none.
func (w *writing) fault(n *Node, reason string) { w.faultAt(n, n.Path, reason) }

func (w *writing) faultAt(n *Node, path, reason string) {
	f := fault.Fault{Field: path, Reason: reason}
	w.faults = append(w.faults, f)
	n.Faults = append(n.Faults, f)
}

func (w *writing) blame(r *Rule, at, reason string) {
	f := fault.Faults{{Field: at, Reason: reason}}.Under(r.Path)[0]
	w.faults = append(w.faults, f)
	r.Faults = append(r.Faults, f)
}
