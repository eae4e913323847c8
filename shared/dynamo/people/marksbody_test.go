package people

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/packed"
)

// someMarks are n of the marks there are, sorted.
func someMarks(n int) []profile.HashMark {
	random := rand.New(rand.NewPCG(uint64(n), 1))
	var marks []profile.HashMark
	for _, m := range random.Perm(markSpace)[:n] {
		marks = append(marks, profile.HashMark(m))
	}
	slices.Sort(marks)
	return marks
}

func TestMarksAreKept(t *testing.T) {
	cases := map[string][]profile.HashMark{"the first": {0}, "the last": {markSpace - 1}, "both": {0, markSpace - 1}, "the last of many": slices.Repeat([]profile.HashMark{0}, 1000)}
	for i := range cases["the last of many"] {
		cases["the last of many"][i] = profile.HashMark(markSpace - 1000 + i)
	}
	for name, n := range map[string]int{"none": 0, "one": 1, "two": 2, "a batch": 20, "a day": 60, "as many as stay": profile.MaxMarks, "half of all": markSpace / 2, "all": markSpace} {
		cases[name] = someMarks(n)
	}
	for name, want := range cases {
		w := &packed.Writer{}
		packMarks(w, profile.Faded{Marks: want})
		r := &packed.Reader{In: append(slices.Clone(w.Out), 0xa5)}
		var got profile.Faded
		if unpackMarks(r, &got); !slices.Equal(got.Marks, want) || got.Full || r.Err != nil {
			t.Errorf("%s: %d marks of %d are read, %v", name, len(got.Marks), len(want), r.Err)
		}
		if len(r.In) != 1 {
			t.Errorf("%s: %d bytes are left, want the one that follows", name, len(r.In))
		}
		for cut := range min(len(w.Out), 100) {
			r := &packed.Reader{In: w.Out[:len(w.Out)-1-cut]}
			var got profile.Faded
			if unpackMarks(r, &got); r.Err == nil {
				t.Errorf("%s: %d marks are read where %d bytes are missing", name, len(got.Marks), cut+1)
			}
		}
	}
}

// TestMarksAreSmall is why they are not whole bytes.
func TestMarksAreSmall(t *testing.T) {
	for n, want := range map[int]int{20: 36, 60: 91, 1000: 970, profile.MaxMarks: 2950} {
		w := &packed.Writer{}
		packMarks(w, profile.Faded{Marks: someMarks(n)})
		if len(w.Out) > want {
			t.Errorf("%d marks take %d bytes, want at most %d", n, len(w.Out), want)
		}
	}
}

func TestMoreMarksThanAreKept(t *testing.T) {
	w := &packed.Writer{}
	packMarks(w, profile.Faded{Full: true})
	var got profile.Faded
	r := &packed.Reader{In: w.Out}
	if unpackMarks(r, &got); !got.Full || got.Marks != nil || r.Err != nil || len(w.Out) != 1 {
		t.Errorf("%+v, %v, %d bytes", got, r.Err, len(w.Out))
	}
}

func TestMarksThatCannotBe(t *testing.T) {
	for name, in := range map[string][]byte{
		"nothing":             {},
		"more than there are": {0x82, 0x80, 0x04},
		"beyond the last":     {2, 0xff, 0xff, 0xff},
		"an endless gap":      append([]byte{3}, slices.Repeat([]byte{0xff}, 5000)...),
	} {
		r := &packed.Reader{In: in}
		var got profile.Faded
		if unpackMarks(r, &got); r.Err == nil {
			t.Errorf("%s: read as %v", name, got)
		}
	}
}
