package chart

import (
	"fmt"
	"strings"
	"testing"
)

// TestSteps: the bars are as long as their shares of the first, below each other, and none of somebody is nothing.
func TestSteps(t *testing.T) {
	d := Steps("id", "Title", "Says", []Part{{"Viewed", "400", 1}, {"Added", "100", 0.25}, {"Bought", "0", 0}, {"odd", "9", 1.5}})
	if d.Box() != "0 0 720 184" || len(d.Fields) != 4 || len(d.Words) != 4 || d.Words[1].Text != "Added 100" || d.Fields[1].Label != "Added: 100" {
		t.Fatalf("%+v", d)
	}
	for i, want := range []float64{720, 180, 1, 720} {
		if f := d.Fields[i]; f.Width != want || f.Y != float64(22+46*i) || f.Y+f.Height > 184 {
			t.Errorf("step %d is %+v, want %v wide", i, f, want)
		}
	}
	if d := Steps("", "", "", nil); d.Box() != "0 0 720 46" || strings.Contains(fmt.Sprintf("%+v", d), "NaN") {
		t.Errorf("of nothing is drawn %+v", d)
	}
}

// TestTriangle: a row a cohort, a field a period, the darker the more came back; words stand on light and dark grounds, and only where there is room.
func TestTriangle(t *testing.T) {
	d := Triangle("id", "Title", "Says", []Cohort{{"W1", []Part{{"W1 1", "100.0%", 1}, {"W1 2", "50.0%", 0.5}, {"W1 3", "0.0%", 0}}}, {"W2", []Part{{"W2 1", "20.0%", 0.2}}}, {"W3", nil}})
	if d.Box() != "0 0 720 66" || len(d.Fields) != 4 || len(d.Words) != 7 {
		t.Fatalf("%+v", d)
	}
	for i, want := range []struct {
		x     float64
		level int
	}{{110, 9}, {313.3, 5}, {516.7, 0}, {110, 2}} {
		if f := d.Fields[i]; f.X != want.x || f.Level != want.level || f.X+f.Width > 720 || f.Class() != fmt.Sprintf("field l%d", want.level) {
			t.Errorf("field %d is %+v, want %+v", i, f, want)
		}
	}
	if deep := d.Words[1]; deep.Text != "100.0%" || !deep.Deep || d.Words[3].Deep || d.Words[4].Text != "W2" {
		t.Errorf("words are %+v", d.Words)
	}
	many := Cohort{Label: "D1"}
	for i := range 30 {
		many.Parts = append(many.Parts, Part{fmt.Sprint(i), "1.0%", 0.01})
	}
	if d := Triangle("", "", "", []Cohort{many}); len(d.Words) != 1 || len(d.Fields) != 30 {
		t.Errorf("%d words stand in %d fields that are too narrow for them", len(d.Words)-1, len(d.Fields))
	}
}

// TestABand lies between the ends of each interval, from the left and back.
func TestABand(t *testing.T) {
	d := Line("", "", "", points(5, 10), nil).Between([]int{0, 5}, []int{10, 20})
	if d.Most != 20 || d.Line != "180,104 540,72" || d.Band != "180,72 540,8 540,104 180,136" {
		t.Errorf("%+v", d)
	}
	if d := Line("", "", "", nil, nil).Between(nil, nil); d.Band != "" {
		t.Errorf("of nothing: %+v", d)
	}
}
