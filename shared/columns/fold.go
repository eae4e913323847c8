package columns

import (
	"slices"

	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Fold asks a question about all people of the shard. Files of other days than the question reads are passed over, and so are other shards' but for who was merged into somebody of this one.
func (r Reading) Fold(q fold.Fold, files ...*File) error {
	return r.fold(q, q.Reads().Of, files)
}

// FoldAll asks several questions in one pass over the files, each as Fold does.
func (r Reading) FoldAll(questions []fold.Fold, files ...*File) error {
	if len(questions) == 1 {
		return r.Fold(questions[0], files...)
	}
	all := fold.Together(questions...)
	return r.fold(all, all.Wants, files)
}

// Recall asks several questions of each person by themselves, in one pass. It gives the people in their order who have an event that one of the questions may ask.
func (r Reading) Recall(all *fold.Recall, each func(Person, fold.Recalled), files ...*File) error {
	asked := slices.DeleteFunc(slices.Clone(files), func(f *File) bool { return !all.Wants(f.Day) })
	return r.Each(all, func(who Person, events []fold.Stretch) error { each(who, all.Of(events)); return nil }, asked...)
}

// folded is a question, or several.
type folded interface {
	question
	Add([]fold.Stretch)
}

func (r Reading) fold(q folded, wants func(profile.Day) bool, files []*File) error {
	asked := slices.DeleteFunc(slices.Clone(files), func(f *File) bool { return !wants(f.Day) })
	return r.Each(q, func(_ Person, events []fold.Stretch) error { q.Add(events); return nil }, asked...)
}
