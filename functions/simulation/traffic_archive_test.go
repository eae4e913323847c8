package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/domain/people/profile"
)

// archivist is an operator who closes days again and lets the archive be filled from the timeline while events come, in every second seed, at times of their own.
func (w *world) archivist() {
	d := dice{hash(w.seed, "archivist")}
	if !d.happens(0.5) {
		return
	}
	go func() {
		for n := range d.between(1, 4) {
			if w.sleep(d.pause(5*time.Minute, w.horizon)); w.stopped {
				return
			}
			name := fmt.Sprintf("archivist/%d", n)
			if d.happens(0.4) {
				w.asksArchive(name, `{"fill":true}`)
				continue
			}
			if days := w.days(); len(days) > 0 {
				w.asksArchive(name, `{"close":"`+dated(days[int(d.next()%uint64(len(days)))])+`"}`)
			}
		}
	}()
}

func dated(day profile.Day) string { return day.Time().Format(time.DateOnly) }

// days are those of which the archive has something.
func (w *world) days() []profile.Day {
	h, _, err := archive.Load(context.Background(), w.bucket())
	check(err)
	return slices.Sorted(maps.Keys(h.Days))
}

// asksArchive invokes the function as an operator does, until it answers. What it may refuse is a day that is not over, and a close that another run was quicker than.
func (w *world) asksArchive(name, payload string) {
	for n := range 40 {
		out, injected, err := w.invoke("archive", fmt.Sprintf("%s/%d", name, n), []byte(payload))
		switch {
		case err == nil:
			w.tell("operator: archive %s: %s", payload, out)
			var answer struct{ Left bool }
			if check(json.Unmarshal(out, &answer)); !answer.Left {
				return
			}
		case strings.Contains(err.Error(), "is not over yet"):
			return
		case !injected && !strings.Contains(err.Error(), "not as it was read"):
			w.violate(schedulesSucceed, "", "archive %s failed without a fault: %v", payload, err)
			return
		}
		if w.sleep(7 * time.Minute); w.stopped {
			return
		}
	}
}

// archivesAgain is the last act of the archive, at rest. In one seed of three the bucket is lost, and what it held comes back from the timeline. In the others the timeline brings nothing that is not there,
// and days that are closed again are the same files.
func (w *world) archivesAgain() {
	lost := w.seed%3 == 1
	for n := 0; n < 12 && len(w.library().packs) > 0; n++ {
		w.sleep(10 * time.Minute) // what came last is in no file yet, and may be of a day that is closed
	}
	before := w.closedFiles()
	if lost {
		w.tell("-- the archive's bucket is lost")
		ctx, b := context.Background(), w.bucket()
		all, err := b.List(ctx, "")
		check(err)
		for _, o := range all {
			check(b.Delete(ctx, o.Key))
		}
	}
	w.asksArchive("refill", `{"fill":true}`)
	// The schedule fills, waits until what it has written is old enough, and makes files of it.
	for n := 0; n < 12; n++ {
		w.sleep(10 * time.Minute)
	}
	for _, day := range slices.Sorted(maps.Keys(before)) {
		w.asksArchive("reclose/"+dated(day), `{"close":"`+dated(day)+`"}`)
	}
	if lost || w.purges() {
		return
	}
	after := w.closedFiles()
	for _, day := range slices.Sorted(maps.Keys(before)) {
		for _, name := range before[day] {
			if !slices.Contains(after[day], name) {
				w.violate(reclosingIsTheSame, "", "%s, closed again, is the files %v, and was %v", day, after[day], before[day])
			}
		}
	}
}

// closedFiles are the names of the files of days that are closed and over, and wait for nothing. Those that hold what was erased are none of them: a close leaves it out.
func (w *world) closedFiles() map[profile.Day][]string {
	ctx, b := context.Background(), w.bucket()
	h, _, err := archive.Load(ctx, b)
	check(err)
	erased, err := archive.LoadErased(ctx, b, h)
	check(err)
	gone := archive.Erasures(erased)
	all := map[profile.Day][]string{}
	for day, d := range h.Days {
		late := slices.ContainsFunc(d.Files, func(f archive.File) bool { return f.Late })
		if d.Closes == 0 || d.Open || late {
			continue
		}
		for _, one := range d.Files {
			f, err := archive.OpenFile(ctx, b, one.Name)
			check(err)
			holds, err := gone.Hold(f)
			if check(err); !holds {
				all[day] = append(all[day], one.Name)
			}
		}
		slices.Sort(all[day])
	}
	return all
}

// purges tells whether files may have been written anew meanwhile, since they hold somebody who was erased days ago.
func (w *world) purges() bool {
	ctx, b := context.Background(), w.bucket()
	h, _, err := archive.Load(ctx, b)
	check(err)
	erased, err := archive.LoadErased(ctx, b, h)
	check(err)
	for _, e := range erased {
		if time.Since(e.Since) >= 4*24*time.Hour {
			return true
		}
	}
	return false
}
