// Package chart draws figures as SVG on the server: geometry by numbers, looks by classes, no style in the page. It knows no screen and fetches nothing. A kind of chart is a function that gives a Drawing and a template of
// the same name in chart.html. The surprising thing: a drawing never stands alone. It has a title and a sentence that says what it shows, and the page has the figures as a table beside it.
package chart

import (
	"embed"
	"fmt"
	"strings"
)

// Parts are the templates of drawings, for view.Parse.
//
//go:embed chart.html
var Parts embed.FS

// Point is a figure and what it is of. A Tick is written below it, empty for none.
type Point struct {
	Label, Tick string
	Value       int
}

// Drawing is what a template draws.
type Drawing struct {
	// ID tells the drawings of a page apart.
	ID string
	// Title names it, and Says what it shows in a sentence: both are read aloud.
	Title, Says string
	Most        int // the greatest value
	// Greatest is how Most is written, empty where it is a number.
	Greatest string

	Bars  []Bar
	Line  string // its points
	Other string // those of what it is compared with; empty for nothing
	Band  string // the outline of what lies between the ends of intervals; empty for none
	Ticks []Tick

	Fields []Field
	Words  []Word
	Tall   int // the height of a drawing that grows with its rows; 0 of others

	values []Point // of the line
}

// Bar is one of a bar chart.
type Bar struct {
	X, Y, Width, Height float64
	Label               string
	Value               int
}

// Tick is a word below the drawing.
type Tick struct {
	X    float64
	Text string
}

// Word is a text of a drawing at a place: the name of a row, or a figure in it. Deep says that it stands on a dark ground.
type Word struct {
	X, Y float64
	Text string
	Deep bool
}

// Field is a rectangle of a drawing that is coloured by a share: level 0 is none, 9 is nearly all.
type Field struct {
	X, Y, Width, Height float64
	Level               int
	Label               string
}

// Class is the class of a field, by its level.
func (f Field) Class() string { return fmt.Sprintf("field l%d", f.Level) }

// The extent of a drawing, in its own units.
const (
	width  = 720
	height = 160
	floor  = 136 // below it stand ticks
	ceil   = 8
	inside = 36 // no word is nearer to an end with its middle: half of 12月31日 or of 00:00 in the size of narrow screens
)

// Box is the extent of the drawing.
func (d Drawing) Box() string {
	tall := height
	if d.Tall > 0 {
		tall = d.Tall
	}
	return fmt.Sprintf("0 0 %d %d", width, tall)
}

// Floor and Right are where the line below the figures lies and ends.
func (Drawing) Floor() int { return floor }

// Right is the right end of a drawing.
func (Drawing) Right() int { return width }

// Bars draws a bar for each point, from the left; one above zero is seen, however small.
func Bars(id, title, says string, points []Point) Drawing {
	d := Drawing{ID: id, Title: title, Says: says, Most: most(points)}
	each := float64(width) / float64(max(len(points), 1))
	for i, p := range points {
		x := each * float64(i)
		if p.Value > 0 {
			tall := max(1, float64(floor-ceil)*float64(p.Value)/float64(d.Most))
			d.Bars = append(d.Bars, Bar{X: round(x + each*0.1), Y: round(floor - tall), Width: round(each * 0.8), Height: round(tall), Label: p.Label, Value: p.Value})
		}
		d.tick(round(x+each/2), p)
	}
	return d
}

// Line draws a line through the points, from the left, from zero at its floor, and a paler one through what they are compared with. Two lines begin at the same place and go by the same steps.
func Line(id, title, says string, points, compared []Point) Drawing {
	d := Drawing{ID: id, Title: title, Says: says, Most: max(most(points), most(compared))}
	d.values = points
	steps := max(len(points), len(compared))
	d.Line, d.Other = d.through(points, steps), d.through(compared, steps)
	ticked := points
	if len(compared) > len(points) {
		ticked = compared
	}
	for i, p := range ticked {
		d.tick(place(i, steps), p)
	}
	return d
}

// Between adds the ends of the interval of each point of a line, which has nothing to be compared with.
func (d Drawing) Between(low, high []int) Drawing {
	n := min(len(d.values), len(low), len(high))
	for _, h := range high[:n] {
		d.Most = max(d.Most, h)
	}
	d.Line = d.through(d.values, len(d.values))
	at := make([]string, 2*n)
	for i := range n {
		at[i] = fmt.Sprintf("%g,%g", place(i, len(d.values)), d.rise(high[i]))
		at[2*n-1-i] = fmt.Sprintf("%g,%g", place(i, len(d.values)), d.rise(low[i]))
	}
	d.Band = strings.Join(at, " ")
	return d
}

// rise is how high a value stands.
func (d Drawing) rise(value int) float64 {
	return round(floor - float64(floor-ceil)*float64(value)/float64(max(d.Most, 1)))
}

func place(i, steps int) float64 { return round(float64(width) * (float64(i) + 0.5) / float64(steps)) }

// through are the points of a line.
func (d *Drawing) through(points []Point, steps int) string {
	at := make([]string, len(points))
	for i, p := range points {
		at[i] = fmt.Sprintf("%g,%g", place(i, steps), d.rise(p.Value))
	}
	return strings.Join(at, " ")
}

func (d *Drawing) tick(x float64, p Point) {
	if p.Tick != "" {
		d.Ticks = append(d.Ticks, Tick{min(max(x, inside), width-inside), p.Tick})
	}
}

func most(points []Point) (most int) {
	for _, p := range points {
		most = max(most, p.Value)
	}
	return most
}

// round leaves a tenth of a unit: nobody sees less.
func round(x float64) float64 { return float64(int(x*10+0.5)) / 10 }
