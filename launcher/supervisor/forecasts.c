// SPDX-License-Identifier: GPL-2.0-or-later
/* See forecasts.h. */
#include "launcher/supervisor/forecasts.h"

#include "launcher/supervisor/state_file.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KIND   "forecast"
#define SAVE_S 900

static void say(const struct supervisor *sup, const char *service, const struct err *err)
{
	supervisor_log(sup, "service=%s event=forecast-lost error=\"%s\"", service, err->text);
}

static struct forecast *load(const struct supervisor *sup, const char *service)
{
	struct forecast *forecast = calloc(1, sizeof(*forecast));
	autobuf struct buf path = {0};
	autofree char *bytes = NULL;
	struct err err = {0};
	size_t len = 0;

	if (!forecast)
		return NULL;
	buf_printf(&path, "%s/forecasts/%s.%s", sup->store_dir, sup->name, service);
	int r = buf_check(&path, &err);

	if (r == 0)
		r = state_file_read(path.data, KIND, &bytes, &len, &err);
	if (r == 0 && len != sizeof(*forecast))
		r = err_say(&err, EBADMSG, "%s: it has another size", path.data);
	if (r == 0)
		memcpy(forecast, bytes, sizeof(*forecast));
	else if (r != -ENOENT)
		say(sup, service, &err);
	return forecast;
}

static void save(const struct supervisor *sup, const char *service, const struct forecast *forecast)
{
	autobuf struct buf dir = {0};
	autobuf struct buf path = {0};
	struct err err = {0};

	buf_printf(&dir, "%s/forecasts", sup->store_dir);
	buf_printf(&path, "%s/forecasts/%s.%s", sup->store_dir, sup->name, service);
	int r = buf_check(&dir, &err);

	if (r == 0)
		r = buf_check(&path, &err);
	if (r == 0)
		r = fs_make_dirs(dir.data, 0700, &err);
	if (r == 0)
		r = state_file_write(path.data, KIND, (const char *)forecast, sizeof(*forecast),
				     &err);
	if (r < 0)
		say(sup, service, &err);
}

void forecasts_update(const struct supervisor *sup, struct scaling *scaling)
{
	int64_t now_s = time(NULL);

	if (scaling->as.forecast == SCALE_FORECAST_NONE)
		forecasts_end(sup, scaling);
	else if (!scaling->forecast)
		scaling->forecast = load(sup, scaling->service);
	if (!scaling->forecast)
		return;
	scaling->expected = forecast_least(scaling->forecast, scaling->as.forecast, now_s);
	if (scaling->saved_slot && scaling->saved_slot != now_s / SAVE_S)
		save(sup, scaling->service, scaling->forecast);
	scaling->saved_slot = now_s / SAVE_S;
}

void forecasts_note(struct scaling *scaling)
{
	if (scaling->forecast && !scaling->decision.missing)
		forecast_record(scaling->forecast, time(NULL), scaling->decision.lasting);
}

void forecasts_end(const struct supervisor *sup, struct scaling *scaling)
{
	if (scaling->forecast)
		save(sup, scaling->service, scaling->forecast);
	free(take_ptr(scaling->forecast));
	scaling->expected = 0;
}
