package chart

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func points(values ...int) (all []Point) {
	for i, v := range values {
		p := Point{Label: fmt.Sprint("p", i), Value: v}
		if i%2 == 0 {
			p.Tick = p.Label
		}
		all = append(all, p)
	}
	return all
}

// TestBars: heights are to each other as the values are, nothing lies outside of the drawing, what is zero is not drawn, and what is not is seen.
func TestBars(t *testing.T) {
	d := Bars("id", "Title", "Says", points(0, 50, 100, 1, 0, 100000))
	if d.Box() != "0 0 720 160" || d.Most != 100000 || len(d.Bars) != 4 || len(d.Ticks) != 3 || d.Ticks[1].Text != "p2" || d.Title != "Title" || d.Says != "Says" || d.ID != "id" {
		t.Fatalf("%+v", d)
	}
	for i, b := range d.Bars {
		if b.X < 0 || b.X+b.Width > 720 || b.Y < 0 || math.Abs(b.Y+b.Height-float64(d.Floor())) > 0.11 || b.Height < 1 || i > 0 && b.X < d.Bars[i-1].X+d.Bars[i-1].Width {
			t.Errorf("bar %d is %+v", i, b)
		}
	}
	if got := d.Bars[3]; got.Height != 128 || got.Value != 100000 || got.Label != "p5" || got.X < 600 {
		t.Errorf("the greatest is %+v", got)
	}
	two := Bars("", "", "", points(30, 60)).Bars
	if two[0].Height*2 != two[1].Height || two[0].Width != two[1].Width {
		t.Errorf("of 30 and 60 are drawn %+v", two)
	}
	if d := Bars("", "", "", nil); len(d.Bars) != 0 || d.Most != 0 {
		t.Errorf("of nothing is drawn %+v", d)
	}
	if d := Bars("", "", "", points(0, 0)); len(d.Bars) != 0 {
		t.Errorf("of zeros is drawn %+v", d)
	}
}

// TestLine goes through each point, the greatest at the top and zero at the floor.
func TestLine(t *testing.T) {
	d := Line("id", "Title", "Says", points(0, 5, 10, 0), nil)
	if want := "90,136 270,72 450,8 630,136"; d.Line != want || d.Most != 10 || len(d.Ticks) != 2 {
		t.Errorf("the line is %s, want %s", d.Line, want)
	}
	if d := Line("", "", "", points(0, 0), nil); d.Line != "180,136 540,136" {
		t.Errorf("of zeros the line is %s", d.Line)
	}
	if d := Line("", "", "", nil, nil); d.Line != "" || strings.Contains(fmt.Sprintf("%+v", d), "NaN") {
		t.Errorf("of nothing is drawn %+v", d)
	}
}

// TestTwoLines have one scale and the same steps, and the ticks of the longer one.
func TestTwoLines(t *testing.T) {
	d := Line("id", "Title", "Says", points(5, 10), points(0, 0, 20, 0))
	if d.Line != "90,104 270,72" || d.Other != "90,136 270,136 450,8 630,136" || d.Most != 20 || len(d.Ticks) != 2 || d.Ticks[1].X != 450 {
		t.Errorf("%+v", d)
	}
}
