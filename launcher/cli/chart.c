// SPDX-License-Identifier: GPL-2.0-or-later
/* Curves; see chart.h. */
#include "launcher/cli/chart.h"

#include <math.h>

#define WIDTH	     960.0
#define LEFT	     70.0
#define PANEL_HEIGHT 180.0
#define PLOT_HEIGHT  130.0
#define TOP	     34.0

void chart_line(struct buf *out, const double *values, size_t count, double top)
{
	static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

	for (size_t i = 0; i < count; i++) {
		double eighths = top > 0 ? ceil(8 * values[i] / top - 1e-9) : 0;

		buf_puts(out, blocks[eighths < 0 ? 0 : eighths > 8 ? 8 : (int)eighths]);
	}
}

static double greatest(const struct chart_panel *panel)
{
	double most = 0;

	for (size_t i = 0; i < panel->count; i++)
		for (size_t j = 0; j < panel->curves[i].count; j++)
			most = fmax(most, panel->curves[i].values[j]);
	return most > 0 ? most : 1;
}

static void put_curve(struct buf *out, const struct chart_curve *curve, double base, double top,
		      const char *colour)
{
	double plot_width = WIDTH - LEFT - 20;

	buf_printf(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" points=\"",
		   colour);
	for (size_t i = 0; i < curve->count; i++)
		buf_printf(out, "%.1f,%.1f ",
			   LEFT + plot_width * (double)i /
					   (double)(curve->count > 1 ? curve->count - 1 : 1),
			   base - PLOT_HEIGHT * curve->values[i] / top);
	buf_puts(out, "\"/>\n");
}

static void put_panel(struct buf *out, const struct chart_panel *panel, double y)
{
	/* Told apart also by those who do not see red and green as different. */
	static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
					      "#555555"};
	double base = y + TOP + PLOT_HEIGHT;
	double top = greatest(panel);
	double x = WIDTH - 20;

	buf_printf(out, "<text x=\"%.0f\" y=\"%.0f\" font-weight=\"bold\">%s</text>\n", LEFT,
		   y + 22, panel->title);
	buf_printf(out,
		   "<path d=\"M%.0f %.0fV%.0fH%.0f\" fill=\"none\" stroke=\"#888\"/>\n"
		   "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"end\">%.4g</text>\n"
		   "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"end\">0</text>\n",
		   LEFT, y + TOP, base, WIDTH - 20, LEFT - 6, y + TOP + 10, top, LEFT - 6, base);
	for (size_t i = panel->count; i-- > 0;) {
		const char *colour = colours[i % (sizeof(colours) / sizeof(colours[0]))];

		put_curve(out, &panel->curves[i], base, top, colour);
		if (panel->count > 1)
			buf_printf(out,
				   "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"end\" "
				   "fill=\"%s\">%s</text>\n",
				   x, y + 22, colour, panel->curves[i].name);
		x -= 90;
	}
}

void chart_svg(struct buf *out, const struct chart_panel *panels, size_t count, double duration_s)
{
	double height = PANEL_HEIGHT * (double)count + 30;

	buf_printf(out,
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
		   "font-family=\"sans-serif\" font-size=\"13\">\n"
		   "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
		   WIDTH, height);
	for (size_t i = 0; i < count; i++)
		put_panel(out, &panels[i], PANEL_HEIGHT * (double)i);
	buf_printf(out,
		   "<text x=\"%.0f\" y=\"%.0f\">0 s</text>\n"
		   "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"end\">%.0f s</text>\n</svg>\n",
		   LEFT, height - 12, WIDTH - 20, height - 12, duration_s);
}
